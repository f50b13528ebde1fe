import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { findPython, makePythonEnvironment } from '@hist/python'
import { describeWithPython } from '@hist/python/vitest'
import { startKafka } from '@hist/servers'
import { describeWithJava, describeWithServer } from '@hist/servers/vitest'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'

interface Service {
  readonly url: string
  readonly child: ChildProcess
  readonly exited: Promise<unknown[]>
  /** What it wrote to stderr. */
  errors(): string
}

describeWithServer('kafka', 'a service in Node and one in Python', address => {
  describeWithPython('share conversations', () => {
    const prefix = `trip-${randomBytes(6).toString('hex')}-`
    const environment = { KAFKA: address.bootstrapServers, KAFKA_TOPIC_PREFIX: prefix, PORT: '0' }
    const running: Service[] = []
    let desk: Service
    let planner: Service

    beforeAll(async () => {
      if (address.ssl || address.sasl) throw new Error('the example has no settings for TLS and credentials')
      desk = await startDesk(environment, running)
      planner = await startPlanner(environment, running)
    }, 60_000)

    afterAll(async () => {
      await kill(running)
      const kafka = new Kafka({ brokers: address.bootstrapServers.split(','), logLevel: logLevel.NOTHING })
      const admin = kafka.admin()
      await admin.connect()
      const topics = (await admin.listTopics()).filter(topic => topic.startsWith(prefix))
      await admin.deleteTopics({ topics })
      await admin.disconnect()
    })

    const conversation = async (trip: string) => (await fetch(`${desk.url}/trips/${trip}/messages`)).json()

    test('each reads what the other one wrote, in one order', async () => {
      await ask(desk, '7', 'Köln to Zürich')
      expect(await answer(planner, '7')).toBe('"There is a train: Köln to Zürich."')
      await ask(desk, '7', 'and back')
      expect(await answer(planner, '7')).toBe('"There is a train: and back."')
      expect(await conversation('7')).toEqual([
        { from: 'human', text: 'Köln to Zürich' },
        { from: 'ai', text: 'There is a train: Köln to Zürich.' },
        { from: 'human', text: 'and back' },
        { from: 'ai', text: 'There is a train: and back.' },
      ])
    }, 60_000)

    test('a conversation that nobody began is empty, and is not made by looking at it', async () => {
      expect(await conversation('8')).toEqual([])
      expect((await fetch(`${desk.url}/trips/a%20b/messages`)).status).toBe(404)
    })

    test('the one in Node ends by itself when it is asked to', async () => {
      desk.child.kill('SIGTERM')
      expect(await desk.exited).toEqual([0, null])
      expect(desk.errors()).toBe('')
    })
  })
})

// What the first group of a new broker often takes: its coordinator loads first.
describeWithJava('kafka', 'on a broker whose groups take six seconds to begin', () => {
  describeWithPython('the first question', () => {
    const running: Service[] = []
    afterAll(() => kill(running))

    test('has an answer', async () => {
      const cluster = await startKafka({ settings: { 'group.initial.rebalance.delay.ms': 6000 } })
      try {
        const environment = { KAFKA: cluster.bootstrapServers, PORT: '0' }
        await ask(await startDesk(environment, running), '7', 'Köln to Zürich')
        expect(await answer(await startPlanner(environment, running), '7')).toBe('"There is a train: Köln to Zürich."')
      } finally {
        await cluster.stop()
      }
    }, 120_000)
  })
})

async function ask(desk: Service, trip: string, text: string): Promise<void> {
  const { status } = await fetch(`${desk.url}/trips/${trip}/messages`, { method: 'POST', body: JSON.stringify({ text }) })
  expect(status).toBe(204)
}

/** As curl shows it. */
async function answer(planner: Service, trip: string): Promise<string> {
  return (await fetch(`${planner.url}/trips/${trip}/answers`, { method: 'POST' })).text()
}

function startDesk(environment: object, running: Service[]): Promise<Service> {
  for (const name of ['core', 'kafka'])
    if (!existsSync(fileURLToPath(new URL(`../../../packages/${name}/dist/index.js`, import.meta.url))))
      throw new Error(`build ${name} first: a process loads dist`)
  return start(process.execPath, '../desk.mjs', environment, running)
}

async function startPlanner(environment: object, running: Service[]): Promise<Service> {
  const interpreter = findPython()
  if (!interpreter.available) throw new Error(interpreter.reason)
  const { python } = await makePythonEnvironment(interpreter)
  return start(python, '../planner.py', environment, running)
}

async function kill(running: readonly Service[]): Promise<void> {
  for (const { child, exited } of running) {
    child.kill('SIGKILL')
    await exited
  }
}

async function start(program: string, script: string, environment: object, running: Service[]): Promise<Service> {
  const child = spawn(program, [fileURLToPath(new URL(script, import.meta.url))], {
    env: { ...process.env, ...environment, NODE_OPTIONS: '', PYTHONDONTWRITEBYTECODE: '1', PYTHONUTF8: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    errors += text
  })
  for await (const line of createInterface(child.stdout)) {
    const [, url] = /^listening on (\S+)$/.exec(line) ?? []
    if (url === undefined) continue
    const service = { url, child, exited, errors: () => errors }
    running.push(service)
    return service
  }
  throw new Error(`${script} ended before it listened:\n${errors}`)
}
