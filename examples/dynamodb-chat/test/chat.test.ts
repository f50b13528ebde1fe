import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { DynamoDBChatMessageHistory, type DynamoDBOptions } from '@hist/dynamodb'
import { type FaultProxy, startFaultProxy } from '@hist/fault-proxy'
import dynalite from 'dynalite'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createChat } from '../src/chat.js'

const SESSIONS = 1_000
const AT_ONCE = 20

const server = dynalite({ createTableMs: 0 })
let proxy: FaultProxy
let settings: DynamoDBOptions

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxy = await startFaultProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  settings = {
    tableName: 'ChatHistory',
    setupMode: 'sync',
    endpointUrl: proxy.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  }
})

afterAll(async () => {
  await proxy.close()
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

test('1,000 sessions remember, each its own, over one client', { timeout: 120_000 }, async () => {
  const chat = createChat(settings)
  let connections = 0
  const askAll = async (question: string) => {
    const answers: string[] = []
    for (let first = 0; first < SESSIONS; first += AT_ONCE) {
      const ids = Array.from({ length: AT_ONCE }, (_, index) => first + index)
      answers.push(...(await Promise.all(ids.map(id => chat.ask(`user-${id}`, `${question} ${id}`)))))
      connections = Math.max(connections, proxy.connections())
    }
    return answers
  }
  const ids = Array.from({ length: SESSIONS }, (_, id) => id)
  expect(await askAll('hi from')).toEqual(ids.map(id => `You have said 1: hi from ${id}.`))
  expect(await askAll('again')).toEqual(ids.map(id => `You have said 2: hi from ${id}, again ${id}.`))

  // What the SDK lets one client have.
  expect(connections).toBeLessThanOrEqual(50)
  expect([proxy.count('CreateTable'), proxy.count('GetItem'), proxy.count('PutItem')]).toEqual([1, 1, 2 * SESSIONS])

  const history = new DynamoDBChatMessageHistory({ ...settings, sessionId: 'user-7' })
  const stored = await history.getMessages()
  expect(stored.map(message => [message.getType(), message.content])).toEqual([
    ['human', 'hi from 7'],
    ['ai', 'You have said 1: hi from 7.'],
    ['human', 'again 7'],
    ['ai', 'You have said 2: hi from 7, again 7.'],
  ])
  await history.close()
})

test('the program', async () => {
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', proxy.url)
  vi.stubEnv('AWS_REGION', 'us-east-1')
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
  const said: unknown[] = []
  vi.spyOn(console, 'info').mockImplementation(text => said.push(text))
  process.argv.splice(2, Number.POSITIVE_INFINITY, 'the program', 'who am I?')
  await import('../src/main.js')
  expect(said).toEqual(['You have said 1: who am I?.'])
})
