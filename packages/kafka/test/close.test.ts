import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

/** Takes connections and says nothing, not even that they end. */
async function startSilentServer(): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, socket => {
    sockets.add(socket)
    socket.on('error', () => undefined).resume()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

test('a process whose broker hangs exits after close()', async () => {
  const program = `
    import { createKafkaHistory } from '@hist/kafka/store'
    const bootstrapServers = '127.0.0.1:${await startSilentServer()}'
    // kafkajs repeats connecting when a request has taken so long.
    const store = createKafkaHistory({ bootstrapServers, topicPrefix: 'x-', clientOptions: { requestTimeout: 2_000 } })
    const append = store.session('s').append([{ type: 'human', data: { content: 'hi' } }], { timeoutMs: 1_000 })
    await append.catch(error => console.log(error.code, error.outcome))
    await store.close()
    console.log('closed')`
  const options = { cwd: new URL('.', import.meta.url).pathname, timeout: 25_000 }
  const { stdout } = await promisify(execFile)('node', ['--input-type', 'module', '--eval', program], options)
  expect(stdout).toBe('TIMEOUT failed\nclosed\n')
}, 30_000)
