import type { ByteReader } from './byte-reader.js'

/** What a Produce request appends. */
export interface KafkaProduce {
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly ProducedBatch[] }[]
}

/** Of the record batch's head; without idempotence `producerId` is -1n. */
export interface ProducedBatch {
  readonly partition: number
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly recordCount: number
}

/** Versions with record batches (magic 2) and without compact types. */
export function isReadableProduce(api: string, version: number): boolean {
  return api === 'Produce' && version >= 3 && version <= 8
}

/** @param reader after the request's header */
export function readProduce(reader: ByteReader): KafkaProduce {
  reader.string() // transactional id
  reader.int16() // acks
  reader.int32() // time-out
  const topics = reader.array(() => {
    const topic = reader.string() ?? ''
    return { topic, partitions: reader.array(() => readBatch(reader.int32(), reader.block())) }
  })
  return { topics }
}

function readBatch(partition: number, batch: Buffer): ProducedBatch {
  return {
    partition,
    producerId: batch.readBigInt64BE(43),
    producerEpoch: batch.readInt16BE(51),
    baseSequence: batch.readInt32BE(53),
    recordCount: batch.readInt32BE(57),
  }
}
