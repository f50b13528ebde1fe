import type { Brokers } from './brokers.js'

const INIT_LIMIT_MS = 5_000
/** Only of transactions, which are not used; the broker asks for one. */
const TRANSACTION_TIMEOUT_MS = 30_000
const MOST_EPOCH = 32_000
const MOST_SEQUENCE = 2 ** 31 - 1

/** The ids that brokers know producers by: one for all topics, until its epochs run out. */
export class ProducerIds {
  readonly #brokers: Brokers
  #current: Promise<{ producerId: string; producerEpoch: number }> | undefined

  constructor(brokers: Brokers) {
    this.#brokers = brokers
  }

  /** A sequence for one topic. */
  async sequence(): Promise<Sequence> {
    this.#current ??= this.#brokers.askAny(INIT_LIMIT_MS, broker =>
      broker.initProducerId({ transactionTimeout: TRANSACTION_TIMEOUT_MS }),
    )
    const current = this.#current
    try {
      const { producerId, producerEpoch } = await current
      return new Sequence(producerId, producerEpoch)
    } catch (error) {
      if (this.#current === current) this.#current = undefined
      throw error
    }
  }

  /** The next sequence has a new producer. */
  renew(): void {
    this.#current = undefined
  }
}

/** Numbers of the messages of one topic. */
export class Sequence {
  readonly producerId: string
  #epoch: number
  #next = 0

  constructor(producerId: string, epoch: number) {
    this.producerId = producerId
    this.#epoch = epoch
  }

  get isExhausted(): boolean {
    return this.#epoch >= MOST_EPOCH
  }

  take(count: number): { epoch: number; sequence: number } {
    if (this.#next + count > MOST_SEQUENCE) this.bumpEpoch()
    const sequence = this.#next
    this.#next += count
    return { epoch: this.#epoch, sequence }
  }

  /** Nothing was written under these numbers, nor will be. */
  giveBack(count: number): void {
    this.#next -= count
  }

  /** As soon as a batch of the new epoch is accepted, none of the old one is any more. */
  bumpEpoch(): void {
    this.#epoch += 1
    this.#next = 0
  }
}
