import { decodeMessage, type StoredMessage } from '@hist/core'
import type { ListLayoutOptions } from '@hist/dynamodb/store'
import type { PythonPeer } from '@hist/python'
import { describeWithPython } from '@hist/python/vitest'
import { describeWithServer } from '@hist/servers/vitest'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kinds, pythonRows } from '../../core/test/fixtures/messages/both-languages.js'
import { contents, human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { CREDENTIALS } from './database.js'
import { type ExternalDatabase, openExternalDatabase } from './external-database.js'

describeWithServer('dynamodb', 'the real Python class', address => {
  describeWithPython("and layout 'list' on the same table", python => {
    let database: ExternalDatabase
    let peer: PythonPeer
    let tableName: string
    beforeAll(async () => {
      database = openExternalDatabase(address)
      tableName = await database.createTable({ sortKeyName: null })
      const { accessKeyId: aws_access_key_id, secretAccessKey: aws_secret_access_key } = CREDENTIALS
      const local = { region_name: 'us-east-1', aws_access_key_id, aws_secret_access_key }
      const connection = 'region' in address ? { region_name: address.region } : { endpoint_url: address.endpoint, ...local }
      peer = await python.start(new URL('./python-peer.py', import.meta.url), { ...connection, table_name: tableName })
    }, 180_000)
    afterAll(() => database.close())

    type Options = Partial<Extract<ListLayoutOptions, { key?: never }>>
    const open = (session: string, options: Options = {}) =>
      database.store({ tableName, ...options, layout: 'list' }).session(session)
    const add = (session_id: string, messages: unknown[], options: object = {}) =>
      peer.call('add_messages', { session_id, messages, ...options })
    const read = async (session_id: string, options: object = {}) => {
      const texts = (await peer.call('get_messages', { session_id, as_text: true, ...options })) as string[]
      return texts.map(text => decodeMessage(text))
    }

    test('we read every kind that it writes', async () => {
      const texts = pythonRows
      // DynamoDB has neither NaN nor infinities: for these it raises TypeError. moto answers a lone surrogate with status 500.
      const rows = texts.filter(text => !/NaN|Infinity/.test(text) && !/\\ud[89a-f]/.test(JSON.stringify(JSON.parse(text))))
      expect(rows.length).toBeGreaterThan(30)
      await add('theirs', rows, { coerce_float_to_decimal: true })
      expect(await open('theirs').messages()).toEqual(rows.map(text => decodeMessage(text)))
    })

    test('it reads every kind that we write, with all that it knows of', async () => {
      await open('ours').append(kinds)
      const asPythonReads = await read('ours')
      expect(asPythonReads.map(message => message.type)).toEqual(kinds.map(message => message.type))
      for (const [index, message] of asPythonReads.entries()) expect(message.data).toMatchObject(known(kinds[index]))
    })

    test('every kind in turn with an append of its own, which writes all of them anew, is still there', async () => {
      const chat = open('anew')
      for (const [index, kind] of kinds.entries()) {
        await chat.append([kind])
        await add('anew', [human(`${index}`)])
      }
      const messages = await chat.messages()
      expect(messages.map(message => message.type)).toEqual(kinds.flatMap(kind => [kind.type, 'human']))
      for (const [index, kind] of kinds.entries()) {
        expect(messages[2 * index]?.data).toMatchObject(known(kind))
        expect(messages[2 * index + 1]?.data.content).toBe(`${index}`)
      }
    })

    test('an append of its own drops `hist` of ours: what JSON can not say is then plain, the rest and our tokens stay', async () => {
      const chat = open('rewritten')
      const message: StoredMessage = { type: 'human', data: { content: 'when', additional_kwargs: { at: new Date(0) } } }
      await chat.append([message])
      const before = await itemOf('rewritten')
      expect(before.History?.L?.[0]?.M?.hist).toBeDefined()
      expect(await chat.messages()).toEqual([message])

      await add('rewritten', [human('theirs')])
      const after = await itemOf('rewritten')
      expect(after.History?.L?.map(element => Object.keys(element.M ?? {}).sort())).toEqual([
        ['data', 'type'],
        ['data', 'type'],
      ])
      const tokens = ({ op0, op1, op2, op3 }: typeof after) => ({ op0, op1, op2, op3 })
      expect(tokens(after)).toEqual(tokens(before))
      const [rewritten, theirs] = await chat.messages()
      expect(rewritten?.data).toMatchObject({ content: 'when', additional_kwargs: { at: '1970-01-01T00:00:00.000Z' } })
      expect(theirs?.data.content).toBe('theirs')
    })

    test('60 messages in turn: one order for both readers', async () => {
      const chat = open('in turn')
      for (const number of range(60)) {
        if (number % 2 === 0) await chat.append([human(`${number}`)])
        else await add('in turn', [human(`${number}`)])
      }
      expect(contents(await chat.messages())).toEqual(range(60).map(String))
      expect(contents(await read('in turn'))).toEqual(range(60).map(String))
      expect(contents(await chat.messages({ last: 3 }))).toEqual(['57', '58', '59'])
    })

    test('each clears what both wrote, and what either appends next is there', async () => {
      const chat = open('cleared')
      for (const clear of [() => chat.clear(), () => peer.call('clear', { session_id: 'cleared' })]) {
        await chat.append([human('ours')])
        await add('cleared', [human('theirs')])
        await clear()
        expect([await chat.messages(), await read('cleared')]).toEqual([[], []])
        await add('cleared', [human('theirs')])
        await chat.append([human('ours')])
        expect(contents(await chat.messages())).toEqual(['theirs', 'ours'])
        expect(contents(await read('cleared'))).toEqual(['theirs', 'ours'])
      }
    })

    test('we respect its TTL and it writes ours, in the same attribute; what has expired it still reads, until we append', async () => {
      await open('expiring', { ttlSeconds: 1_000 }).append([human('ours')])
      await add('expiring', [human('theirs')], { ttl: 1 })
      const chat = open('expiring', { ttlSeconds: 2_000 })
      await expect.poll(() => chat.messages(), { timeout: 10_000 }).toEqual([])
      expect(contents(await read('expiring'))).toEqual(['ours', 'theirs'])
      await chat.append([human('next')])
      expect(contents(await read('expiring'))).toEqual(['next'])
      await add('expiring', [human('and theirs')])
      expect(contents(await chat.messages())).toEqual(['next', 'and theirs'])
      const left = Number((await itemOf('expiring')).expireAt?.N) - Date.now() / 1_000
      expect(left).toBeGreaterThan(1_900)
      expect(left).toBeLessThan(2_001)
    })

    test('history_size and historySize: the newest of both remain', async () => {
      const chat = open('short', { historySize: 3 })
      for (const number of range(4)) await add('short', [human(`theirs ${number}`)])
      await chat.append([human('ours 1')])
      expect(contents(await read('short'))).toEqual(['theirs 2', 'theirs 3', 'ours 1'])
      await open('short').append([human('ours 2'), human('ours 3')])
      expect(contents(await read('short'))).toHaveLength(5)
      await add('short', [human('theirs 4')], { history_size: 2 })
      expect(contents(await chat.messages())).toEqual(['ours 3', 'theirs 4'])
      await chat.append([human('ours 4'), human('ours 5')])
      expect(contents(await read('short'))).toEqual(['theirs 4', 'ours 4', 'ours 5'])
    })

    test('a composite key, and other names', async () => {
      const composite = await database.createTable({ primaryKeyName: 'id', sortKeyName: 'user' })
      const names = { table_name: composite, history_messages_key: 'messages', ttl: 1_000, ttl_key_name: 'expires' }
      const theirs = (user: string) => ({ ...names, key: { id: 's', user } })
      const ours = (user: string) =>
        database
          .store({
            tableName: composite,
            layout: 'list',
            key: (id: string) => ({ id, user }),
            historyMessagesKey: 'messages',
            ttlSeconds: 1_000,
            ttlKeyName: 'expires',
          })
          .session('s')
      await add('s', [human('theirs, u1')], theirs('u1'))
      await ours('u1').append([human('ours, u1')])
      await ours('u2').append([human('ours, u2')])
      await add('s', [human('theirs, u2')], theirs('u2'))
      for (const [user, expected] of [
        ['u1', ['theirs, u1', 'ours, u1']],
        ['u2', ['ours, u2', 'theirs, u2']],
      ] as const) {
        expect(contents(await ours(user).messages())).toEqual(expected)
        expect(contents(await read('s', theirs(user)))).toEqual(expected)
      }
      await peer.call('clear', { session_id: 's', ...theirs('u1') })
      expect(await ours('u1').messages()).toEqual([])
      expect(await ours('u2').messages()).toHaveLength(2)
    })

    async function itemOf(session: string) {
      const [item] = await database.items(tableName, session)
      return item ?? {}
    }
  })
})

/** What Python keeps of a message, as far as it is set. */
function known(message: StoredMessage | undefined): object {
  const { content, id, name, tool_calls, tool_call_id, status, artifact, role } = message?.data ?? {}
  const wanted = { content, id, name, tool_calls, tool_call_id, status, artifact, role }
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined))
}
