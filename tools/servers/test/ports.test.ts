import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { acceptsConnections, freePorts } from '../src/ports.js'

test('ports are different and free', async () => {
  const ports = await freePorts(20)
  expect(new Set(ports).size).toBe(20)
  for (const port of ports) {
    expect(await acceptsConnections(port, '127.0.0.1')).toBe(false)
    const server = createServer()
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
    expect(await acceptsConnections(port, '127.0.0.1')).toBe(true)
    await new Promise(resolve => server.close(resolve))
  }
})
