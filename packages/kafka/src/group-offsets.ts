import type { Brokers } from './brokers.js'
import type { KafkaBroker } from './client.js'

const FIND_LIMIT_MS = 4_000
/** Above the brokers' `offsets.commit.timeout.ms`: so long a commit waits for replicas. */
const ANSWER_LIMIT_MS = 6_000
const GROUP = 0
/** Of a group without members, as Kafka's own tools commit to it. */
const NO_MEMBER = { groupGenerationId: -1, memberId: '' }
const MOST_REMEMBERED = 10_000

/** How far a group has come in one partition. */
export interface CommittedOffset {
  /** Of the first record that it has not consumed. */
  readonly offset: bigint
  /** A note of whoever committed it. */
  readonly metadata: string | null
}

/**
 * The committed offsets of the group that a topic's Python readers share: it is named as the topic. Nobody joins it here, so there is nothing
 * to wait for, and a commit is refused (`UNKNOWN_MEMBER_ID`) while others have joined it.
 */
export class GroupOffsets {
  readonly #brokers: Brokers
  readonly #coordinators = new Map<string, number>()

  constructor(brokers: Brokers) {
    this.#brokers = brokers
  }

  /** By partition; undefined where nothing was committed. A group that does not exist is not made. */
  async fetch(topic: string, partitionCount: number): Promise<(CommittedOffset | undefined)[]> {
    const partitions = Array.from({ length: partitionCount }, (_, partition) => ({ partition }))
    const request = { groupId: topic, topics: [{ topic, partitions }] }
    const { responses } = await this.#ask(topic, broker => broker.offsetFetch(request))
    const committed: (CommittedOffset | undefined)[] = Array.from({ length: partitionCount })
    for (const { partition, offset, metadata } of responses[0]?.partitions ?? [])
      if (BigInt(offset) >= 0n) committed[partition] = { offset: BigInt(offset), metadata }
    return committed
  }

  /** Keeps the metadata that it is given, and with null there is none. */
  async commit(topic: string, offsets: ReadonlyMap<number, CommittedOffset>): Promise<void> {
    const partitions = Array.from(offsets, ([partition, { offset, metadata }]) => ({
      partition,
      offset: String(offset),
      ...(metadata !== null && { metadata }),
    }))
    const request = { groupId: topic, ...NO_MEMBER, topics: [{ topic, partitions }] }
    await this.#ask(topic, broker => broker.offsetCommit(request))
  }

  /** What shows that the group is led elsewhere by now, or nowhere, makes the next attempt look for its coordinator. */
  async #ask<T>(topic: string, send: (broker: KafkaBroker) => Promise<T>): Promise<T> {
    const nodeId = this.#coordinators.get(topic) ?? (await this.#find(topic))
    try {
      return await this.#brokers.ask(nodeId, topic, ANSWER_LIMIT_MS, send)
    } catch (error) {
      this.#coordinators.delete(topic)
      throw error
    }
  }

  async #find(topic: string): Promise<number> {
    const request = { groupId: topic, coordinatorType: GROUP }
    const { coordinator } = await this.#brokers.askAny(FIND_LIMIT_MS, broker => broker.findGroupCoordinator(request))
    if (this.#coordinators.size >= MOST_REMEMBERED) this.#coordinators.clear()
    this.#coordinators.set(topic, coordinator.nodeId)
    return coordinator.nodeId
  }
}
