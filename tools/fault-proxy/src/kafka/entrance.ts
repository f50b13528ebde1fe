import { randomUUID } from 'node:crypto'
import { type AddressInfo, connect, createServer, Socket } from 'node:net'
import { bodyOf, eachFrame, frameOf } from './frames.js'
import type { KafkaBroker } from './request.js'

/** A client that shows its ticket, and its broker's end. */
export interface Guest {
  readonly broker: KafkaBroker
  readonly upstream: Socket
  readonly onConnect: () => void
}

export interface Entrance {
  /** @returns a socket that fails as one to the broker would, and after `onConnect` leads to it through the proxy */
  connect(broker: KafkaBroker, onConnect: () => void): Socket
  close(): Promise<void>
}

/**
 * One loopback listener for all brokers: the first frame of a connection is a ticket that tells which one is meant. The connection to
 * the broker comes first, so that a client whose broker is down sees that, and not a connection that is closed again.
 *
 * @param admit gives what takes the client's frames
 */
export async function openEntrance(admit: (guest: Guest, client: Socket) => (frame: Buffer) => void): Promise<Entrance> {
  const guests = new Map<string, Guest>()
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, client => {
    sockets.add(client)
    client.on('error', ignore)
    client.on('close', () => sockets.delete(client))
    let take: ((frame: Buffer) => void) | undefined
    eachFrame(client, frame => {
      if (take) return take(frame)
      const ticket = bodyOf(frame).toString()
      const guest = guests.get(ticket)
      guests.delete(ticket)
      if (guest) take = admit(guest, client)
      else client.destroy()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    connect(broker, onConnect) {
      const ticket = randomUUID()
      const client = new Socket()
      const upstream = connect({ ...broker, noDelay: true })
      const leave = () => {
        if (guests.delete(ticket)) upstream.destroy()
      }
      const fail = (error: Error) => client.destroy(error)
      guests.set(ticket, { broker, upstream, onConnect })
      client.on('error', ignore)
      client.on('close', leave)
      upstream.on('error', ignore)
      upstream.once('error', fail)
      upstream.once('connect', () => {
        upstream.off('error', fail)
        // A socket that was given up would come back to life.
        if (client.destroyed || client.writableEnded) return leave()
        client.connect(port, '127.0.0.1')
        client.write(frameOf(Buffer.from(ticket)))
      })
      return client
    },
    async close() {
      for (const { upstream } of guests.values()) upstream.destroy(new Error('The proxy is closed.'))
      await new Promise(resolve => {
        server.close(resolve)
        for (const socket of sockets) socket.destroy()
      })
    },
  }
}

/** A socket that fails as one to a closed port. */
export function refusedSocket({ host, port }: KafkaBroker): Socket {
  const socket = new Socket()
  socket.on('error', ignore)
  return socket.destroy(Object.assign(new Error(`connect ECONNREFUSED ${host}:${port}`), { code: 'ECONNREFUSED' }))
}

function ignore(): void {}
