import { PutItemCommand } from '@aws-sdk/client-dynamodb'
import type { EncodedBatch } from '@hist/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { range } from '../../../core/test/numbers.js'
import { corrupt } from '../../src/errors.js'
import { decodeBlob, decodeHead, encodeItem, itemBytes, SLICE_BYTES } from '../../src/items/item.js'
import { itemsSettings } from '../../src/options.js'
import { type Database, type Item, noise, openDatabase } from '../database.js'

const ID = '017636543210123456-1a2b3c4d5e6f7081'
const settings = itemsSettings({ tableName: 'abc' })
const LIMIT = 409_600

let database: Database

beforeAll(async () => {
  database = await openDatabase()
})

afterAll(() => database.close())

function batch(bodies: string[]): EncodedBatch {
  return { id: ID, firstIndex: 0, bodies, repeat: false }
}

function text(bytes: number): string {
  return JSON.stringify(noise(bytes - 2))
}

describe('item size', () => {
  test.each([
    ['a list of texts', (pad: string) => ({ n: { N: '2' }, b: { L: [{ S: 'short' }, { S: pad }] } })],
    ['a blob', (pad: string) => ({ n: { N: '17' }, z: { B: Buffer.from(pad) }, c: { S: 'gzip' } })],
    ['with expiry', (pad: string) => ({ n: { N: '1200' }, expireAt: { N: '1763654321' }, b: { L: [{ S: pad }] } })],
    ['numbers of all kinds', (pad: string) => ({ a: { N: '0' }, e: { N: '-12.50' }, d: { N: '100000' }, t: { S: pad } })],
  ])('is counted as the server counts it: %s', async (_name, make) => {
    const TableName = await database.createTable()
    const keys = { SessionId: { S: 'session' }, SK: { S: `m#${ID}` } }
    const padding = LIMIT - itemBytes({ ...keys, ...make('') } as Item)
    const exact = { ...keys, ...make('x'.repeat(padding)) } as Item
    expect(itemBytes(exact)).toBe(LIMIT)
    await database.client.send(new PutItemCommand({ TableName, Item: exact }))
    const tooLarge = { ...keys, ...make('x'.repeat(padding + 1)) } as Item
    await expect(database.client.send(new PutItemCommand({ TableName, Item: tooLarge }))).rejects.toThrow(/size/i)
  })

  test('a head of full size and a part stay below the limit with the longest session id and names', async () => {
    const longest = itemsSettings({
      tableName: 'abc',
      primaryKeyName: 'p'.repeat(255),
      sortKeyName: 's'.repeat(255),
      ttlKeyName: 't'.repeat(255),
      ttlSeconds: 1,
    })
    const session = 's'.repeat(1_024)
    for (const bytes of [SLICE_BYTES - 3_000, SLICE_BYTES, 3 * SLICE_BYTES]) {
      const { head } = await encodeItem(longest, session, batch([text(bytes)]))
      expect(itemBytes(head)).toBeLessThanOrEqual(LIMIT)
    }
    const part = { ...(await encodeItem(longest, session, batch(['1']))).head, z: { B: Buffer.alloc(SLICE_BYTES) } }
    expect(itemBytes(part) + 40).toBeLessThanOrEqual(LIMIT)
  })
})

describe('encoding', () => {
  const sizes = [1, 700, 900, 1_000, 1_100, 2_000, 20_000, 390_000, 399_000, 400_000, 800_000, 1_500_000]

  test.each(sizes)('%i bytes come back, compressed or not, in one message or in many', async bytes => {
    for (const compress of [true, false]) {
      for (const count of [1, 3, 40]) {
        for (const make of [text, (size: number) => JSON.stringify('prose '.repeat(size / 6))]) {
          const bodies = range(count).map(() => make(Math.max(2, bytes / count)))
          const { head, parts } = await encodeItem({ ...settings, compress }, 's', batch(bodies))
          expect(itemBytes(head)).toBeLessThanOrEqual(SLICE_BYTES)
          expect(Object.keys(head).filter(name => ['b', 'z', 'p'].includes(name))).toHaveLength(1)
          if (!compress) expect(head.c).toBeUndefined()
          if (parts.length === 0) {
            expect(await decodeHead(head)).toEqual({ bodies })
          } else {
            for (const part of parts) expect(part.length).toBeLessThanOrEqual(SLICE_BYTES)
            expect(head.p?.N).toBe(String(parts.length))
            expect(await decodeBlob(Buffer.concat(parts), head.c?.S, count)).toEqual(bodies)
          }
        }
      }
    }
  })

  test('compresses only where that saves a unit', async () => {
    const shapeOf = async (body: string) => Object.keys((await encodeItem(settings, 's', batch([body]))).head).slice(3)
    const prose = (bytes: number) => JSON.stringify('to be or not to be, '.repeat(bytes / 20))
    expect(await shapeOf(prose(900))).toEqual(['b'])
    expect(await shapeOf(prose(1_100))).toEqual(['z', 'c'])
    expect(await shapeOf(text(1_500))).toEqual(['b'])
  })

  test('a repeat of a batch is the same item', async () => {
    for (const bytes of [10, 5_000, 900_000]) {
      const bodies = [text(bytes)]
      const options = { ...settings, ttlSeconds: 60 }
      expect(await encodeItem(options, 's', batch(bodies))).toEqual(await encodeItem(options, 's', batch(bodies)))
    }
  })

  test('counts bytes, not characters: CJK text beyond the limit is split', async () => {
    const body = JSON.stringify('歴'.repeat(200_000))
    const { parts } = await encodeItem({ ...settings, compress: false }, 's', batch([body]))
    expect(parts.map(part => part.length)).toEqual([SLICE_BYTES, 600_002 - SLICE_BYTES])
    expect(await decodeBlob(Buffer.concat(parts), undefined, 1)).toEqual([body])
  })

  test('the expiry is the time of the id, in whole seconds, and the ttl', async () => {
    const { head } = await encodeItem({ ...settings, ttlSeconds: 60, ttlKeyName: 'x' }, 's', batch(['1']))
    expect(head.x).toEqual({ N: String(1_763_654_321 + 60) })
  })

  test.each([
    [{}, /none of the attributes/],
    [{ n: { N: '1' } }, /none of the attributes/],
    [{ n: { N: '2' }, b: { L: [{ S: '1' }] } }, /2 messages, but holds 1/],
    [{ n: { N: '1' }, b: { L: [{ N: '1' }] } }, /other than text/],
    [{ n: { N: '1' }, z: { B: Buffer.from('x') }, c: { S: 'zstd' } }, /'zstd'/],
    [{ n: { N: '1' }, z: { B: Buffer.from('x') }, c: { S: 'gzip' } }, /decompressed/],
    [{ n: { N: '1' }, p: { N: '2' } }, /none of the attributes/],
  ] as [Item, RegExp][])('a head that cannot be read: %j', async (head, message) => {
    await expect(decodeHead(head)).rejects.toMatchObject({ code: 'CORRUPT_ENTRY', message: expect.stringMatching(message) })
    expect(corrupt('x').code).toBe('CORRUPT_ENTRY')
  })

  test('a head with n = 0 is an entry that was removed', async () => {
    expect(await decodeHead({ n: { N: '0' }, whatever: { S: 'x' } })).toEqual({ bodies: [] })
  })
})
