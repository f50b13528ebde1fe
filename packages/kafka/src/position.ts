import { argumentError } from '@hist/core'

/** A place between the records of a topic. */
export interface Place {
  /** By partition: the first offset behind it. */
  readonly after: readonly bigint[]
  /** By partition: the first offset that is not before it. They differ at the record that the place is. */
  readonly before: readonly bigint[]
}

const POSITION = /^(-|\d{1,5}):(\d{1,19}(?:\.\d{1,19})*)$/

/** Of a record, by the offsets behind it; of no record if `partition` is undefined. */
export function formatPosition(after: readonly bigint[], partition?: number): string {
  return `${partition ?? '-'}:${after.join('.')}`
}

/** @throws TypeError */
export function parsePosition(position: string): Place {
  const [, record, offsets] = POSITION.exec(position) ?? []
  if (record === undefined || offsets === undefined) throw argumentError('from is not a position in a Kafka topic')
  const after = offsets.split('.').map(BigInt)
  const own = record === '-' ? -1 : Number(record)
  return { after, before: after.map((offset, partition) => (partition === own ? offset - 1n : offset)) }
}
