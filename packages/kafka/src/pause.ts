import { setTimeout as wait } from 'node:timers/promises'
import type { Call } from '@hist/core'

/** Waits, or throws what ended the call. */
export async function pause(milliseconds: number, { signal }: Pick<Call, 'signal'>): Promise<void> {
  await wait(milliseconds, undefined, { signal }).catch(() => {
    throw signal.reason
  })
}
