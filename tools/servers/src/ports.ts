import { type AddressInfo, connect, createServer, type Server } from 'node:net'

/** @returns as many different ports as asked for, each free on every one of the hosts */
export async function freePorts(count: number, hosts: readonly string[] = ['127.0.0.1']): Promise<number[]> {
  const held: Server[] = []
  const ports: number[] = []
  try {
    while (ports.length < count) {
      const port = await hold(held, hosts)
      if (port !== undefined) ports.push(port)
    }
  } finally {
    await Promise.all(held.map(server => new Promise(resolve => server.close(resolve))))
  }
  return ports
}

/** Servers stay open until all ports are chosen: a port that is closed can be given out again. */
async function hold(held: Server[], hosts: readonly string[]): Promise<number | undefined> {
  let port = 0
  for (const host of hosts) {
    const server = createServer()
    try {
      port = await listen(server, port, host)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined
      throw error
    }
    held.push(server)
  }
  return port
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, exclusive: true }, () => resolve((server.address() as AddressInfo).port))
  })
}

export function acceptsConnections(port: number, host: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ port, host, timeout: 1000 })
    const finish = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => finish(true))
    socket.once('error', () => finish(false))
    socket.once('timeout', () => finish(false))
  })
}
