import { setTimeout as pause } from 'node:timers/promises'
import type { HistoryError } from '@hist/core'
import { createTestClock } from '@hist/core/conformance'
import { describeWithServer } from '@hist/servers/vitest'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { contents, human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { type Database, openDatabase, openSockets, recording, writeTimes } from './database.js'

describeWithServer('cassandra', 'append', address => {
  let database: Database
  beforeAll(async () => {
    database = await openDatabase(address)
  })
  afterAll(() => database.close())

  test('200 awaited and 200 concurrent ones: 400 kept, in the order of the calls', async () => {
    const chat = database.store().session('four hundred')
    for (const number of range(200)) await chat.append([human(`awaited ${number}`)])
    await Promise.all(range(200).map(number => chat.append([human(`concurrent ${number}`)])))
    const expected = [...range(200).map(number => `awaited ${number}`), ...range(200).map(number => `concurrent ${number}`)]
    expect(contents(await chat.messages())).toEqual(expected)
  })

  test('10,000 sessions through one store: the driver’s own number of connections, and one CREATE TABLE', async () => {
    const fresh = await openDatabase(address)
    const sent = recording(fresh.client)
    const store = fresh.store({ client: sent.client })
    await store.session('first').append([human('hi')])
    const before = openSockets()
    await Promise.all(
      range(50).map(async lane => {
        for (const number of range(200)) await store.session(`session ${lane} ${number}`).append([human('hi')])
      }),
    )
    expect(openSockets()).toBe(before)
    expect(sent.requests.filter(({ query }) => query.includes('CREATE TABLE'))).toHaveLength(1)
    expect(sent.requests.filter(({ query }) => query.startsWith('INSERT'))).toHaveLength(10_001)
    await fresh.close()
  })

  test('of many messages is one request: a logged batch of one tick and one write time, prepared and idempotent', async () => {
    const sent = recording(database.client)
    const store = database.store({ client: sent.client })
    const chat = store.session('one request')
    await chat.messages()
    sent.requests.length = 0
    const id = await chat.append(range(100).map(number => human(`${number}`)))
    expect(sent.requests).toHaveLength(1)
    expect(sent.requests[0]?.options).toMatchObject({ prepare: true, logged: true, isIdempotent: true, consistency: 6 })
    const microseconds = BigInt(id.slice(0, 17))
    expect(new Set(await writeTimes(database, 'one request'))).toEqual(new Set([microseconds]))
    const rows = await database.rows('one request')
    expect(new Set(rows.map(row => String(row.row_id).slice(0, 18))).size).toBe(1)
    expect(rows.map(row => JSON.parse(row.body_blob ?? '').data.content)).toEqual(range(100).map(String))
  })

  test('beyond 100 messages or 1 MiB goes in pieces, in order, under one id', async () => {
    const chat = database.store().session('pieces')
    const texts = range(450).map(number => `${number} ${'x'.repeat(number % 50 === 0 ? 400_000 : 10)}`)
    await chat.append(texts.map(human))
    expect(contents(await chat.messages())).toEqual(texts)
    expect(contents(await chat.messages({ last: 3 }))).toEqual(texts.slice(-3))
  })

  test('of 65,536 messages is stored', async () => {
    const chat = database.store().session('very many')
    await chat.append(
      range(65_536).map(number => human(String(number))),
      { timeoutMs: 60_000 },
    )
    const numbers = contents(await chat.messages()).map(Number)
    expect(numbers).toHaveLength(65_536)
    expect(numbers.every((number, index) => number === index)).toBe(true)
    await chat.clear()
  })

  test('again with its id writes the same cells: one copy, whatever the clock says by then', async () => {
    const chat = database.store().session('again')
    const id = await chat.append([human('a'), human('b')])
    await chat.append([human('c')])
    const before = [await database.rows('again'), await writeTimes(database, 'again')]
    await chat.append([human('a'), human('b')], { id })
    await database
      .store({ clock: createTestClock({ startMs: Date.now() + 60_000 }) })
      .session('again')
      .append([human('a'), human('b')], { id })
    expect([await database.rows('again'), await writeTimes(database, 'again')]).toEqual(before)
  })

  test('keeps its expiry when it is repeated, and an expired one stays away', async () => {
    const chat = database.store({ ttlSeconds: 1_000 }).session('expiry')
    const id = await chat.append([human('a')])
    const remaining = async () => {
      const query = `SELECT ttl(body_blob) AS ttl FROM ${database.keyspace}.message_store WHERE partition_id = 'expiry'`
      return Number((await database.client.execute(query)).first()?.ttl)
    }
    expect(await remaining()).toBeGreaterThan(990)
    const inTime = (ms: number) =>
      database.store({ ttlSeconds: 1_000, clock: createTestClock({ startMs: Date.now() + ms }) }).session('expiry')
    // A clock that is 600 s on, so 400 s remain; the server keeps the later of two expiries of one write time.
    await database.client.execute(`TRUNCATE ${database.keyspace}.message_store`)
    await inTime(600_000).append([human('a')], { id })
    expect(await remaining()).toBeLessThanOrEqual(400)
    expect(await remaining()).toBeGreaterThan(390)
    await database.client.execute(`TRUNCATE ${database.keyspace}.message_store`)
    await inTime(1_000_000).append([human('a')], { id })
    expect(await database.rows('expiry')).toEqual([])
  })

  test('that another client’s clear overtook is a CONFLICT that says so, and never acknowledged and invisible', async () => {
    const late = database.store().session('overtaken')
    const other = database.store({ clock: { now: () => BigInt(Date.now()) * 10_000n } }).session('overtaken')
    await other.append([human('old')])
    const id = late.nextAppendId()
    await pause(11_000)
    await other.clear()
    await other.append([human('new')])
    const error: HistoryError = await late.append([human('late'), human('later')], { id }).catch(reason => reason)
    expect(error).toMatchObject({ code: 'CONFLICT', retryable: false, outcome: 'failed', appendId: id })
    expect(error.message).toMatch(/new id/)
    await late.append([human('late'), human('later')])
    expect(contents(await late.messages())).toEqual(['new', 'late', 'later'])
  })

  test('of an old id where nobody cleared is stored, and found', async () => {
    const chat = database.store().session('old id')
    const id = `${String(BigInt(Date.now() - 3_600_000) * 10_000n).padStart(18, '0')}-0123456789abcdef`
    await chat.append([human('new')])
    await chat.append([human('an hour old')], { id })
    expect(contents(await chat.messages())).toEqual(['an hour old', 'new'])
  })

  test('beyond maxMessageBytes is TOO_LARGE before anything is sent', async () => {
    const chat = database.store({ maxMessageBytes: 100_000 }).session('large')
    const append = chat.append([human('small'), human('ü'.repeat(50_001))])
    await expect(append).rejects.toMatchObject({ code: 'TOO_LARGE', outcome: 'failed' })
    expect(await database.rows('large')).toEqual([])
  })
})
