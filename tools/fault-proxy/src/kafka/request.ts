import { apiOf, type KafkaApi } from './api.js'
import { ByteReader } from './byte-reader.js'
import { isReadableProduce, type KafkaProduce, readProduce } from './produce.js'

/** A broker's address as the client knows it. */
export interface KafkaBroker {
  readonly host: string
  readonly port: number
}

/** A request on its way from a client to a broker. */
export interface KafkaRequest {
  readonly api: KafkaApi
  readonly version: number
  readonly correlationId: number
  readonly clientId: string | null
  readonly broker: KafkaBroker
  /** 1 for the first request of this api, to any broker, since the start or the last `reset`. */
  readonly nth: number
  /** The whole frame after its length. */
  readonly body: Buffer
  /** Of a Produce request, versions 3 to 8. Read when it is asked for. */
  readonly produce: KafkaProduce | undefined
}

/** Up to the client id's length. What is shorter is no request. */
export const SHORTEST_REQUEST = 10

export function readRequest(body: Buffer, broker: KafkaBroker, count: (api: KafkaApi) => number): KafkaRequest {
  const reader = new ByteReader(body)
  const api = apiOf(reader.int16())
  const version = reader.int16()
  const correlationId = reader.int32()
  const clientId = reader.string()
  let produce: KafkaProduce | undefined
  return {
    api,
    version,
    correlationId,
    clientId,
    broker,
    nth: count(api),
    body,
    get produce() {
      if (isReadableProduce(api, version)) produce ??= readProduce(reader)
      return produce
    },
  }
}
