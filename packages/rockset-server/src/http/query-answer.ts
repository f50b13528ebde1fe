import { RequestError } from '../errors.js'
import { stringifyJson, stringifyUpTo } from '../json/stringify.js'

const maxBytes = 104_857_600
const chunkLength = 1_048_576

/** The text of an answer as its rows are found: they themselves are not held. */
export class QueryAnswer {
  readonly #chunks: Buffer[] = []
  #bytes = 0
  #rest = '{"results":['
  #rowCount = 0

  get rowCount(): number {
    return this.#rowCount
  }

  /** @throws RequestError CONTENTTOOLARGE above 100 MiB */
  add(row: unknown): void {
    const text = stringifyUpTo(maxBytes - this.#bytes - this.#rest.length, row)
    if (text === undefined) throw tooLarge()
    this.#append(`${this.#rowCount === 0 ? '' : ','}${text}`)
    this.#rowCount += 1
  }

  /** @param members Those beside the rows. @throws RequestError as `add` */
  finish(members: object): JsonChunks {
    this.#append(`],${stringifyJson(members).slice(1)}`)
    this.#cut()
    return new JsonChunks(this.#chunks)
  }

  #append(text: string): void {
    this.#rest += text
    if (this.#rest.length >= chunkLength) this.#cut()
  }

  #cut(): void {
    const chunk = Buffer.from(this.#rest)
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    this.#rest = ''
    if (this.#bytes > maxBytes) throw tooLarge()
  }
}

function tooLarge(): RequestError {
  return new RequestError('CONTENTTOOLARGE', `The answer would be larger than ${maxBytes} bytes; LIMIT makes it smaller`)
}

/** A body that is text already. */
export class JsonChunks {
  readonly chunks: readonly Buffer[]

  constructor(chunks: readonly Buffer[]) {
    this.chunks = chunks
  }
}
