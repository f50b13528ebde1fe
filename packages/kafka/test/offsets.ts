import type { Call } from '@hist/core'
import { Brokers } from '../src/brokers.js'
import type { KafkaClientLike } from '../src/client.js'
import { GroupOffsets } from '../src/group-offsets.js'

const patient: Call = {
  signal: new AbortController().signal,
  remainingMs: () => 10_000,
  request: (_limitMs, start) => start(new AbortController().signal),
}

/** By themselves, without a store. */
export async function openOffsets(client: KafkaClientLike): Promise<{ offsets: GroupOffsets; close(): Promise<void> }> {
  const brokers = new Brokers(client)
  await brokers.connect(patient)
  return { offsets: new GroupOffsets(brokers), close: () => brokers.close() }
}
