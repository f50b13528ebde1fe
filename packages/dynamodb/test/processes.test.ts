import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contents } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { type Database, openDatabase } from './database.js'

let database: Database

beforeAll(async () => {
  if (!existsSync(fileURLToPath(new URL('../dist/store.js', import.meta.url))))
    throw new Error('build first: a process of its own loads dist')
  database = await openDatabase()
})

afterAll(() => database.close())

interface Writer {
  readonly child: ChildProcess
  /** Exit code and signal. */
  readonly exited: Promise<unknown[]>
  readonly acknowledged: number[]
}

function startWriter(tableName: string, name: string, count: number, padding = 0): Writer {
  const child = fork(
    new URL('./writer.mjs', import.meta.url),
    [database.url, tableName, 'shared', name, `${count}`, `${padding}`],
    {
      execArgv: [],
      stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
    },
  )
  const acknowledged: number[] = []
  child.on('message', number => acknowledged.push(number as number))
  return { child, exited: once(child, 'exit'), acknowledged }
}

/** Numbers of a writer's appends as stored; throws if one is torn or out of place. */
function numbersOf(stored: readonly string[], name: string): number[] {
  const numbers: number[] = []
  for (let index = 0; index < stored.length; index += 2) {
    const [writer, number, part] = stored[index]?.split(' ') ?? []
    const [otherWriter, otherNumber, otherPart] = stored[index + 1]?.split(' ') ?? []
    if (writer !== otherWriter || number !== otherNumber || part !== 'a' || otherPart !== 'b') throw new Error(`torn at ${index}`)
    if (writer === name) numbers.push(Number(number))
  }
  return numbers
}

describe('several processes', () => {
  test('two of them, 50 concurrent appends each to one session: 100 kept, in each one’s order, none torn', async () => {
    const tableName = await database.createTable()
    const writers = ['first', 'second'].map(name => startWriter(tableName, name, 50))
    for (const { exited } of writers) expect((await exited)[0]).toBe(0)
    const stored = contents(await database.store({ tableName }).session('shared').messages()).map(String)
    expect(stored).toHaveLength(200)
    for (const name of ['first', 'second']) expect(numbersOf(stored, name)).toEqual(range(50))
  })

  test.each([
    ['small', 0],
    ['split', 900_000],
  ])('kill -9 while appending (%s): every acknowledged append is there, none is torn', async (_kind, padding) => {
    for (const _ of range(3)) {
      const tableName = await database.createTable()
      const { child, exited, acknowledged } = startWriter(tableName, 'w', Number.POSITIVE_INFINITY, padding)
      while (acknowledged.length < 5 + Math.random() * 10) await once(child, 'message')
      child.kill('SIGKILL')
      expect((await exited)[1]).toBe('SIGKILL')
      const chat = database.store({ tableName, timeoutMs: 60_000 }).session('shared')
      const numbers = numbersOf(contents(await chat.messages()).map(String), 'w')
      expect(numbers).toEqual(range(numbers.length))
      expect(numbers.length).toBeGreaterThanOrEqual(acknowledged.length)
      expect(numbers.length).toBeLessThanOrEqual(acknowledged.length + 1)
    }
  })

  test('a process that closed its store can exit', async () => {
    const tableName = await database.createTable()
    expect((await startWriter(tableName, 'w', 1).exited)[0]).toBe(0)
  })
})
