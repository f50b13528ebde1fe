/**
 * A value of a document, as JSON has it. Integers beyond 2^53 are bigints. Objects may have any member names, `__proto__` too, as own members;
 * a member that is missing is `undefined`, which is no value.
 */
export type Value = null | boolean | number | bigint | string | readonly Value[] | DocumentObject

export interface DocumentObject {
  readonly [member: string]: Value
}

/** Digits that an integer may have when it comes into a document: to read and write one takes time by the square of that. */
export const longestInteger = 1_000

/** An object with at least the member `_id`, a string. */
export type Document = DocumentObject

/** What can be compared and indexed. */
export type Scalar = boolean | number | bigint | string

/** A part of a collection. It may only narrow: what does not fit may be given too, and is to be left out by the caller. */
export interface Narrowing {
  /** Documents whose member, a top-level one, is equal to this, in type and value. */
  readonly equal?: readonly { readonly member: string; readonly value: Scalar }[]
  /** Documents whose member is of the bounds' type and between them. */
  readonly range?: readonly {
    readonly member: string
    readonly above?: { readonly value: Scalar; readonly isInclusive: boolean }
    readonly below?: { readonly value: Scalar; readonly isInclusive: boolean }
  }[]
}

/** One collection at one moment. */
export interface CollectionView {
  get(id: string): Document | undefined
  /** In no order. */
  scan(narrowing?: Narrowing): Iterable<Document>
  /**
   * In the order of a top-level member, lazily: whoever stops reads no more. Only documents in which it is a scalar, by type (boolean, number,
   * string) and then by value; undefined if that order is not at hand.
   */
  scanInOrder(member: string, direction: 'ascending' | 'descending', narrowing?: Narrowing): Iterable<Document> | undefined
  /** How many documents fit exactly; undefined if only a scan can tell. */
  count(narrowing: Narrowing): number | undefined
}

/** The collections at one moment, for one query. */
export interface DocumentSource {
  /** Undefined if there is no such collection. */
  collection(workspace: string, name: string): CollectionView | undefined
}
