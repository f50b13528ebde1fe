import { createHash } from 'node:crypto'
import type { AppendId } from '@hist/core'
import type { Item } from '../table.js'

/*
 * A list_append that is sent twice adds twice, and every client sends again what got no answer. So each append leaves its token in the
 * item, in a set of the eleven minutes in which it is written, on the condition that no set holds it. Four sets take turns:
 *
 *   op{w}     this window's: tokens are added to it
 *   op{w-1}   the last window's: kept
 *   op{w+2}   that of two windows ago: removed by every append
 *   op{w+1}   that of three windows ago, if nobody appended since: the next window's
 *
 * A token thus lasts a window at least, and two while appends go on. Eleven minutes have no round multiple: an app that appends every
 * quarter of an hour, or every hour, does not always meet the same set.
 */
const WINDOW_SECONDS = 660
const SETS = 4

/** How long a repeat is recognised. */
export const RECOGNISED_SECONDS = WINDOW_SECONDS

/** 64 bits are enough: two appends would have to share them within minutes, in one session. */
export function tokenOf(id: AppendId): string {
  return createHash('sha256').update(id).digest().toString('base64url', 0, 8)
}

/** The names of the sets: this window's, the next one's, the outdated one, the last window's. */
export function tokenSets(nowSeconds: number): [current: string, next: string, outdated: string, last: string] {
  const window = Math.floor(nowSeconds / WINDOW_SECONDS)
  const set = (ahead: number) => `op${(((window + ahead) % SETS) + SETS) % SETS}`
  return [set(0), set(1), set(2), set(3)]
}

export function hasToken(item: Item, token: string): boolean {
  return tokenSets(0).some(set => item[set]?.SS?.includes(token))
}
