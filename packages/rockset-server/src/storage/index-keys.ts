import type { Document, Scalar } from '../documents.js'
import { encodeCount, encodeScalar, encodeText, isScalar, joinParts, skipScalar } from './keys.js'

/** The members of a document that are in the index: top-level scalars. `_id` is not among them: the documents themselves are in its order. */
export type IndexedMembers = ReadonlyMap<string, Scalar>

/** Equal values of `first`, each ordered by `second`: what a query needs that has an equality and an order. */
export interface PairOrder {
  readonly first: string
  readonly second: string
}

const kinds = { member: 1, pair: 2 }

export function indexedMembers(document: Document | undefined): IndexedMembers {
  const members = new Map<string, Scalar>()
  for (const [member, value] of Object.entries(document ?? {}))
    if (member !== '_id' && isScalar(value)) members.set(member, value)
  return members
}

/** Keys go on with the value of the member, then the id. */
export function memberIndex(collection: number, member: string): Uint8Array {
  return joinParts(encodeCount(collection), Buffer.of(kinds.member), encodeText(member))
}

/** Keys go on with the values of both members, then the id. */
export function pairIndex(collection: number, { first, second }: PairOrder): Uint8Array {
  return joinParts(encodeCount(collection), Buffer.of(kinds.pair), encodeText(first), encodeText(second))
}

export function pairKey(collection: number, order: PairOrder, members: IndexedMembers, id: Uint8Array): Uint8Array | undefined {
  const first = members.get(order.first)
  const second = members.get(order.second)
  if (first === undefined || second === undefined) return undefined
  return joinParts(pairIndex(collection, order), encodeScalar(first), encodeScalar(second), id)
}

/** All keys of a document, by their bytes as text, so that those of two versions can be compared. */
export function indexKeys(
  collection: number,
  orders: readonly PairOrder[],
  members: IndexedMembers,
  id: Uint8Array,
): Map<string, Uint8Array> {
  const keys = new Map<string, Uint8Array>()
  const add = (key: Uint8Array | undefined) => key && keys.set(Buffer.from(key).toString('latin1'), key)
  for (const [member, value] of members) add(joinParts(memberIndex(collection, member), encodeScalar(value), id))
  for (const order of orders) add(pairKey(collection, order, members, id))
  return keys
}

/** @param start Where the last value in the key starts. */
export function idIn(
  key: Uint8Array,
  start: number,
): { readonly id: Uint8Array; readonly isCut: boolean; readonly value: Uint8Array } {
  const { next, isCut } = skipScalar(key, start)
  return { id: key.subarray(next), isCut, value: key.subarray(start, next) }
}
