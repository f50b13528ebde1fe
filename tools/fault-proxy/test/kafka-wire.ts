import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { KafkaProxy } from '../src/kafka/index.js'

export const PRODUCE = 0
export const FETCH = 1
export const METADATA = 3

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function string(value: string | null): Buffer {
  return value === null ? int16(-1) : Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])
}

export function framed(...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([int32(body.length), body])
}

export interface Sent {
  readonly api?: number
  readonly version?: number
  readonly id: number
  readonly clientId?: string | null
  readonly rest?: Buffer | string
}

export function requestFrame({ api = FETCH, version = 11, id, clientId = 'me', rest = `rest ${id}` }: Sent): Buffer {
  return framed(int16(api), int16(version), int32(id), string(clientId), Buffer.from(rest))
}

/** What the fake broker answers to it: the correlation id, then the whole request. */
export function answerTo(sent: Sent): Buffer {
  return Buffer.concat([int32(sent.id), requestFrame(sent).subarray(4)])
}

function onFrames(socket: Socket, take: (body: Buffer) => void): void {
  let bytes = Buffer.alloc(0)
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE()) {
      const end = 4 + bytes.readInt32BE()
      take(bytes.subarray(4, end))
      bytes = bytes.subarray(end)
    }
  })
}

/** Echoes each request behind its correlation id. */
export class FakeBroker {
  readonly received: Buffer[] = []
  readonly sockets = new Set<Socket>()
  accepted = 0
  answer: (socket: Socket, request: Buffer) => void = (socket, request) => socket.write(framed(request.subarray(4, 8), request))
  readonly #server: Server

  constructor() {
    this.#server = createServer({ noDelay: true }, socket => {
      this.accepted += 1
      this.sockets.add(socket)
      socket.on('close', () => this.sockets.delete(socket))
      onFrames(socket, request => {
        this.received.push(request)
        this.answer(socket, request)
      })
    })
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Correlation ids in the order they came. */
  ids(): number[] {
    return this.received.map(request => request.readInt32BE(4))
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** A connection through the proxy that keeps what it gets. */
export class Client {
  readonly answers: Buffer[] = []
  readonly closed: Promise<void>

  private constructor(readonly socket: Socket) {
    onFrames(socket, answer => this.answers.push(answer))
    this.closed = new Promise(resolve => socket.once('close', () => resolve()))
  }

  static async open(proxy: KafkaProxy, port: number): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = proxy.socketFactory({ host: '127.0.0.1', port, onConnect: () => resolve(client) })
      socket.once('error', reject)
      const client = new Client(socket)
    })
  }

  send(...requests: Sent[]): void {
    this.socket.write(Buffer.concat(requests.map(requestFrame)))
  }

  ids(): number[] {
    return this.answers.map(answer => answer.readInt32BE())
  }
}
