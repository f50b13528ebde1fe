/** Reads one value of the Kafka protocol after the other. Reading numbers beyond the end throws a RangeError. */
export class ByteReader {
  #at = 0

  constructor(readonly bytes: Buffer) {}

  int16(): number {
    this.#at += 2
    return this.bytes.readInt16BE(this.#at - 2)
  }

  int32(): number {
    this.#at += 4
    return this.bytes.readInt32BE(this.#at - 4)
  }

  string(): string | null {
    const length = this.int16()
    return length < 0 ? null : this.#take(length).toString()
  }

  block(): Buffer {
    return this.#take(Math.max(this.int32(), 0))
  }

  array<T>(element: () => T): T[] {
    return Array.from({ length: Math.max(this.int32(), 0) }, element)
  }

  #take(length: number): Buffer {
    this.#at += length
    return this.bytes.subarray(this.#at - length, this.#at)
  }
}
