import { decodeMessage, type StoredMessage } from '@hist/core'
import type { PythonPeer } from '@hist/python'
import { describeWithPython } from '@hist/python/vitest'
import { describeWithServer } from '@hist/servers/vitest'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kinds, pythonFixtures, pythonRows } from '../../core/test/fixtures/messages/both-languages.js'
import { contents, human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { type Database, openDatabase } from './database.js'

describeWithServer('cassandra', 'the real Python class', address => {
  describeWithPython('on the same table', python => {
    let database: Database
    let peer: PythonPeer
    beforeAll(async () => {
      database = await openDatabase(address)
      const { contactPoints: contact_points, port, localDataCenter: local_data_center } = address
      const settings = { contact_points, port, local_data_center, keyspace: database.keyspace }
      peer = await python.start(new URL('./python-peer.py', import.meta.url), settings)
    }, 60_000)
    afterAll(() => database.close())

    const add = (session_id: string, messages: unknown[], options: object = {}) =>
      peer.call('add_messages', { session_id, messages, ...options })
    const read = async (session_id: string) => {
      const texts = (await peer.call('get_messages', { session_id, as_text: true })) as string[]
      return texts.map(text => decodeMessage(text))
    }

    test('it reads ours and we read its rows: every kind, both ways, in one table, in the order of the appends', async () => {
      const chat = database.store().session('both')
      const rows = pythonRows
      const theirs = rows.filter(text => !text.includes('NaN') && !text.includes('Infinity'))
      const expected: StoredMessage[] = []
      for (const [index, text] of theirs.entries()) {
        await add('both', [text])
        expected.push(decodeMessage(text))
        const kind = kinds[index % kinds.length]
        if (kind === undefined) continue
        await chat.append([kind])
        expected.push(kind)
      }
      expect(theirs.length).toBeGreaterThan(30)
      expect(await chat.messages()).toEqual(expected)
      const asPythonReads = await read('both')
      expect(asPythonReads.map(message => message.type)).toEqual(expected.map(message => message.type))
      // Ours as Python gives them back, with all that it knows of.
      const ours = asPythonReads.filter((_, index) => index % 2 === 1)
      for (const [index, message] of ours.entries()) {
        const { content, id, name, tool_calls, tool_call_id, status, artifact, role } = kinds[index % kinds.length]?.data ?? {}
        const wanted = { content, id, name, tool_calls, tool_call_id, status, artifact, role }
        expect(message.data).toMatchObject(Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)))
      }
    })

    test('what it reads back equal of its own rows, it reads back equal beside ours', async () => {
      const rows = pythonFixtures
        .filter(({ json, readback_equal }) => json !== undefined && readback_equal)
        .map(({ json }) => json ?? '')
      await add('beside', rows)
      await database.store().session('beside').append(kinds)
      expect((await peer.call('get_messages', { session_id: 'beside', as_text: true })) as string[]).toEqual([
        ...rows,
        ...((await peer.call('get_messages', { session_id: 'beside', as_text: true })) as string[]).slice(rows.length),
      ])
      expect((await database.rows('beside')).slice(0, rows.length).map(row => row.body_blob)).toEqual(rows)
    })

    test('60 messages in turn: one order for both readers', async () => {
      const chat = database.store().session('in turn')
      for (const number of range(60)) {
        if (number % 2 === 0) await chat.append([human(`${number}`)])
        else await add('in turn', [human(`${number}`)])
      }
      expect(contents(await chat.messages())).toEqual(range(60).map(String))
      expect(contents(await read('in turn'))).toEqual(range(60).map(String))
      expect(contents(await chat.messages({ last: 3 }))).toEqual(['57', '58', '59'])
    })

    test('each clears what both wrote, and what either appends next is there', async () => {
      const chat = database.store().session('cleared')
      for (const clear of [() => chat.clear(), () => peer.call('clear', { session_id: 'cleared' })]) {
        await chat.append(range(5).map(number => human(`ours ${number}`)))
        await add(
          'cleared',
          range(5).map(number => human(`theirs ${number}`)),
        )
        await clear()
        expect(await chat.messages()).toEqual([])
        expect(await read('cleared')).toEqual([])
        await add('cleared', [human('theirs')])
        await chat.append([human('ours')])
        expect(contents(await chat.messages())).toEqual(['theirs', 'ours'])
        expect(contents(await read('cleared'))).toEqual(['theirs', 'ours'])
      }
    })

    test('its TTL is respected, and ours by it', async () => {
      await add('expiring', [human('theirs')], { ttl_seconds: 1 })
      const chat = database.store({ ttlSeconds: 1 }).session('expiring')
      await chat.append([human('ours')])
      await database
        .store()
        .session('expiring')
        .append([human('kept')])
      await expect.poll(async () => contents(await chat.messages()), { timeout: 10_000 }).toEqual(['kept'])
      expect(contents(await read('expiring'))).toEqual(['kept'])
    })

    test('the table that it makes and ours are alike in every column of the schema', async () => {
      await peer.call('get_messages', { session_id: 's', table_name: 'made_by_python' })
      await database.store({ tableName: 'made_by_us' }).session('s').messages()
      const described = async (schema: string, table: string) => {
        const query = `SELECT * FROM system_schema.${schema} WHERE keyspace_name = ? AND table_name = ?`
        const { rows } = await database.client.execute(query, [database.keyspace, table], { prepare: true })
        return rows.map(row => ({ ...row, id: undefined, table_name: undefined }))
      }
      for (const schema of ['tables', 'columns']) {
        const theirs = await described(schema, 'made_by_python')
        expect(theirs.length).toBeGreaterThan(0)
        expect(await described(schema, 'made_by_us')).toEqual(theirs)
      }
    })

    test('2,000 of its messages are read by us', async () => {
      for (const thousand of range(2))
        await add(
          'long',
          range(1_000).map(number => human(`${thousand * 1_000 + number}`)),
        )
      const chat = database.store().session('long')
      expect(contents(await chat.messages()).map(Number)).toEqual(range(2_000))
    }, 120_000)
  })
})
