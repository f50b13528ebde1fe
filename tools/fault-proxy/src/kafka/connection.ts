import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaFault } from './fault.js'
import { bodyOf, eachFrame, frameOf } from './frames.js'
import { type KafkaBroker, SHORTEST_REQUEST } from './request.js'

export interface ConnectionOptions {
  readonly broker: KafkaBroker
  /** The proxy's end of the client's connection. */
  readonly client: Socket
  readonly upstream: Socket
  /** Called when a request arrives. Never rejects. */
  readonly decide: (body: Buffer) => Promise<KafkaFault>
  /** A fault's own function threw. */
  readonly onMistake: (error: unknown) => void
  /** Nothing is left of it. */
  readonly onClosed: () => void
}

interface Expected {
  readonly correlationId: number
  /** Nothing: there will be no answer. */
  readonly arrived: (answer?: Buffer) => void
}

/** A client's connection to one broker, and what is on its way in both directions. */
export class Connection {
  readonly broker: KafkaBroker
  readonly #options: ConnectionOptions
  readonly #expected: Expected[] = []
  // Each frame takes its turn at the end of its chain, so that none overtakes another.
  #requests = Promise.resolve()
  #answers = Promise.resolve()
  #ended = false

  constructor(options: ConnectionOptions) {
    const { client, upstream, onClosed } = options
    this.#options = options
    this.broker = options.broker
    let open = 2
    for (const socket of [client, upstream]) {
      socket.on('close', () => {
        open -= 1
        if (open === 0) onClosed()
      })
    }
    eachFrame(upstream, frame => this.#arrive(frame))
    // What was sent still reaches the other side.
    client.on('close', () => this.#inTurn(() => upstream.destroySoon()))
    upstream.on('close', () => {
      for (const { arrived } of this.#expected.splice(0)) arrived()
      this.#answers = this.#answers.then(() => this.#end())
    })
  }

  /** Does the client see it as open? */
  get isOpen(): boolean {
    return !this.#ended && !this.#options.client.destroyed
  }

  /** At once, whatever is on its way. */
  cut(): void {
    this.#ended = true
    this.#options.client.destroy()
    this.#options.upstream.destroy()
  }

  request(frame: Buffer): void {
    const body = bodyOf(frame)
    if (this.#ended) return
    if (body.length < SHORTEST_REQUEST) {
      this.#inTurn(() => this.#options.upstream.write(frame))
      return
    }
    // The delay of one runs while it waits for those before it: ten requests, each later by 20 ms, take 20 ms.
    const fault = this.#options.decide(body).then(async decided => {
      if (typeof decided === 'object' && 'delayMs' in decided) await pause(decided.delayMs)
      return decided
    })
    this.#inTurn(async () => this.#send(frame, await fault))
  }

  #inTurn(step: () => unknown): void {
    this.#requests = this.#requests.then(async () => {
      await step()
    })
  }

  #send(frame: Buffer, fault: KafkaFault): void {
    if (this.#ended || fault === 'hold-request') return
    if (fault === 'drop-before') {
      this.#end()
    } else if (typeof fault === 'object' && 'reply' in fault) {
      this.#give(Promise.resolve(frameOf(correlationBytes(frame, 4), fault.reply)), 'pass')
    } else {
      const correlationId = bodyOf(frame).readInt32BE(4)
      const answer = new Promise<Buffer | undefined>(arrived => this.#expected.push({ correlationId, arrived }))
      this.#give(answer, fault)
      this.#options.upstream.write(frame)
    }
  }

  #arrive(frame: Buffer): void {
    const id = frame.length < 8 ? undefined : bodyOf(frame).readInt32BE()
    const index = this.#expected.findIndex(({ correlationId }) => correlationId === id)
    // A broker answers in order: what was expected before this one never comes (acks 0).
    for (const { arrived } of this.#expected.splice(0, Math.max(index, 0))) arrived()
    const expected = index < 0 ? undefined : this.#expected.shift()
    if (expected) expected.arrived(frame)
    else this.#options.client.write(frame)
  }

  #give(answer: Promise<Buffer | undefined>, fault: KafkaFault): void {
    const ready = answer.then(async frame => {
      if (frame !== undefined && typeof fault === 'object' && 'delayAnswerMs' in fault) await pause(fault.delayAnswerMs)
      return frame
    })
    this.#answers = this.#answers.then(async () => {
      const frame = await ready
      if (frame === undefined || this.#ended || fault === 'lose-answer') return
      if (fault === 'cut-after') return this.#end()
      try {
        const rewrite = typeof fault === 'object' && 'answer' in fault ? fault.answer : undefined
        this.#options.client.write(rewrite ? frameOf(correlationBytes(frame), rewrite(bodyOf(frame).subarray(4))) : frame)
      } catch (error) {
        this.#options.onMistake(error)
        this.#end()
      }
    })
  }

  /** Answers that were given and requests that were sent still arrive, nothing else. */
  #end(): void {
    this.#ended = true
    this.#options.client.destroySoon()
    this.#options.upstream.destroySoon()
  }
}

/** They come first in an answer, and after api key and version in a request. */
function correlationBytes(frame: Buffer, offset = 0): Buffer {
  return bodyOf(frame).subarray(offset, offset + 4)
}

/** Does not keep the process alive: the sockets do, as long as anybody waits. */
function pause(ms: number): Promise<void> {
  return sleep(ms, undefined, { ref: false })
}
