import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { startTestServer, type TestServer } from './test-server.js'

async function startWithCollection(options: Parameters<typeof startTestServer>[0] = {}) {
  const server = await startTestServer(options)
  return { server, path: `${await server.createCollection('c')}/docs` }
}

async function read(server: TestServer, id: string): Promise<Record<string, unknown> | undefined> {
  const [row] = await server.query('SELECT * FROM "commons"."c" WHERE _id = :id', { id })
  if (!row) return undefined
  const { _event_time, ...document } = row
  expect(_event_time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  return document
}

describe('adding', () => {
  test('overwrites, makes ids, and leaves out _meta', async () => {
    const { server, path } = await startWithCollection()
    const first = await server.request('POST', path, { data: [{ _id: 'a', x: 1, _meta: { y: 1 } }, { z: 1 }] })
    expect(first.body.data).toMatchObject([{ _id: 'a', status: 'ADDED' }, { status: 'ADDED' }])
    const second = await server.request('POST', path, { data: [{ _id: 'a', z: 2 }] })
    expect(second.body.data).toEqual([{ _collection: 'c', _id: 'a', status: 'REPLACED' }])
    expect(await read(server, 'a')).toEqual({ _id: 'a', z: 2 })
    expect(await read(server, first.body.data[1]._id)).toMatchObject({ z: 1 })
  })

  test('tells of each document that cannot be, and writes the others', async () => {
    const { server, path } = await startWithCollection()
    const { status, body } = await server.request('POST', path, {
      data: [{ _id: 1 }, 'text', null, [], { _id: 'e', _event_time: 'soon' }, { _id: 'ok' }],
    })
    expect(status).toBe(200)
    const statuses = body.data.map((entry: { status: string }) => entry.status)
    expect(statuses).toEqual(['ERROR', 'ERROR', 'ERROR', 'ERROR', 'ERROR', 'ADDED'])
    expect(body.data[4]).toEqual({
      _collection: 'c',
      _id: 'e',
      status: 'ERROR',
      error: { message: expect.any(String), type: 'INVALIDINPUT' },
    })
  })

  test('keeps what is hard to keep', async () => {
    const { server, path } = await startWithCollection()
    const document =
      '{"_id":"n\\u0000\\"\'","__proto__":{"a":1152921504606846977},"__rockset_type":"x","big":-1152921504606846977,' +
      '"lone":"\\ud800","constructor":{"prototype":[]},"float":1.5,"e":1e300,"nul":"a\\u0000b","":""}'
    await server.request('POST', path, `{"data":[${document}]}`)
    const { text } = await server.request('POST', '/queries', {
      sql: {
        query: 'SELECT * FROM "commons"."c" WHERE _id = :id',
        parameters: [{ name: 'id', type: 'string', value: 'n\u0000"\'' }],
      },
    })
    for (const part of [
      '"__proto__":{"a":1152921504606846977}',
      '"__rockset_type":"x"',
      '"big":-1152921504606846977',
      '"lone":"\\ud800"',
      '"constructor":{"prototype":[]}',
      '"nul":"a\\u0000b"',
      '"":""',
    ]) {
      expect(text).toContain(part)
    }
    await server.request('PATCH', path, { data: [{ _id: 'n\u0000"\'', patch: [{ op: 'ADD', path: '/__proto__/b', value: 1 }] }] })
    expect((await server.request('POST', '/queries', { sql: { query: 'SELECT * FROM commons.c' } })).text).toContain(
      '"__proto__":{"a":1152921504606846977,"b":1}',
    )
    expect(({} as { b?: unknown }).b).toBeUndefined()
  })

  test('large doubles are found as they are, and no more once they are gone', async () => {
    const { server, path } = await startWithCollection()
    const large = ['1.7329999991234568e+18', '1.2345678901234567e20', '-1e20', '9007199254740992.0']
    const found = async (where: string) => {
      const [[count], rows] = [
        await server.query(`SELECT COUNT(*) AS n FROM commons.c WHERE ${where}`),
        await server.query(`SELECT _id FROM commons.c WHERE ${where}`),
      ]
      expect(count).toEqual({ n: rows.length })
      return rows.map(({ _id }) => _id)
    }
    const add = (ts: string) => server.request('POST', path, `{"data":[{"_id":"a","ts":${ts}}]}`)
    const patch = (ts: string) =>
      server.request('PATCH', path, `{"data":[{"_id":"a","patch":[{"op":"ADD","path":"/ts","value":${ts}}]}]}`)
    for (const write of [add, patch]) {
      for (const ts of large) {
        await write(ts)
        expect(await found(`ts = ${ts}`)).toEqual(['a'])
        await write('5')
        expect(await found('ts > 5 OR ts < 5')).toEqual([])
        expect([await found('ts > 5'), await found('ts < 5')]).toEqual([[], []])
      }
    }
    await add('1.7329999991234568e+18')
    await server.request('DELETE', path, { data: [{ _id: 'a' }] })
    expect(await found('ts > 0')).toEqual([])
  })

  test('_event_time is of UTC, if it names no zone', async () => {
    onTestFinished(() => void vi.unstubAllEnvs())
    vi.stubEnv('TZ', 'America/New_York')
    expect(new Date(2024, 0, 1).getTimezoneOffset()).toBe(300)
    const { server, path } = await startWithCollection()
    const times = {
      '2024-01-01': '2024-01-01T00:00:00.000000Z',
      '2024-01-01T10:20': '2024-01-01T10:20:00.000000Z',
      '2024-01-01 10:20:30.405': '2024-01-01T10:20:30.405000Z',
      '2024-01-01T10:20:30z': '2024-01-01T10:20:30.000000Z',
      '2024-01-01T10:20:30+02:00': '2024-01-01T08:20:30.000000Z',
      '2024-01-01T10:20:30-0430': '2024-01-01T14:50:30.000000Z',
    }
    const given = Object.keys(times)
    const wrong = ['2024-01-01 10:00 EST', '2024-01-01 hello', '2024-13-01', '2024-01-01T25:00', '24-01-01', '']
    const data = [...given, ...wrong].map((_event_time, index) => ({ _id: `${100 + index}`, _event_time }))
    const { body } = await server.request('POST', path, { data })
    const statuses = body.data.map(({ status }: { status: string }) => status)
    expect(statuses).toEqual([...given.map(() => 'ADDED'), ...wrong.map(() => 'ERROR')])
    const stored = await server.query('SELECT _event_time FROM commons.c ORDER BY _id')
    expect(stored.map(({ _event_time }) => _event_time)).toEqual(Object.values(times))
  })

  test('ids are any strings', async () => {
    const { server, path } = await startWithCollection()
    const ids = ['', '\0', 'a\0b', 'a', 'a\u0000', '\ud800', '😀', "'; DROP TABLE documents; --", '__proto__', 'x'.repeat(10_000)]
    await server.request('POST', path, { data: ids.map((_id, number) => ({ _id, number })) })
    const statuses = (await server.request('POST', path, { data: ids.map(_id => ({ _id })) })).body.data
    expect(statuses.map((entry: { status: string }) => entry.status)).toEqual(ids.map(() => 'REPLACED'))
    await server.request('DELETE', path, { data: ids.slice(1).map(_id => ({ _id })) })
    expect(await server.query('SELECT _id FROM commons.c')).toEqual([{ _id: '' }])
    expect((await server.request('POST', path, { data: [{ _id: 'x'.repeat(10_001) }] })).body.data[0].status).toBe('ERROR')
  })
})

describe('patching', () => {
  const document = { a: { b: [1, 2, 3] }, n: 1, 'x/y': { '~': 1 }, text: 't', nothing: null }
  const done: [string, object[], object][] = [
    ['ADD a member', [{ op: 'ADD', path: '/m', value: { k: [] } }], { ...document, m: { k: [] } }],
    ['ADD over a member', [{ op: 'add', path: '/n', value: 'z' }], { ...document, n: 'z' }],
    ['ADD at the end', [{ op: 'Add', path: '/a/b/-', value: 4 }], { ...document, a: { b: [1, 2, 3, 4] } }],
    ['ADD at an index', [{ op: 'ADD', path: '/a/b/1', value: null }], { ...document, a: { b: [1, null, 2, 3] } }],
    ['ADD at the length', [{ op: 'ADD', path: '/a/b/3', value: 4 }], { ...document, a: { b: [1, 2, 3, 4] } }],
    ['REPLACE', [{ op: 'REPLACE', path: '/a/b/0', value: 9 }], { ...document, a: { b: [9, 2, 3] } }],
    ['REPLACE null', [{ op: 'REPLACE', path: '/nothing', value: 1 }], { ...document, nothing: 1 }],
    ['escapes', [{ op: 'REPLACE', path: '/x~1y/~0', value: 2 }], { ...document, 'x/y': { '~': 2 } }],
    ['REMOVE', [{ op: 'REMOVE', path: '/a/b/1' }], { ...document, a: { b: [1, 3] } }],
    [
      'COPY',
      [
        { op: 'COPY', from: '/a/b', path: '/c' },
        { op: 'ADD', path: '/c/-', value: 4 },
      ],
      { ...document, c: [1, 2, 3, 4] },
    ],
    ['MOVE', [{ op: 'MOVE', from: '/a/b/0', path: '/a/b/-' }], { ...document, a: { b: [2, 3, 1] } }],
    [
      'TEST',
      [
        { op: 'TEST', path: '/a', value: { b: [1, 2, 3] } },
        { op: 'ADD', path: '/ok', value: true },
      ],
      { ...document, ok: true },
    ],
    ['INCREMENT', [{ op: 'INCREMENT', path: '/n', value: 2.5 }], { ...document, n: 3.5 }],
    ['INCREMENT an element', [{ op: 'INCREMENT', path: '/a/b/0', value: -3 }], { ...document, a: { b: [-2, 2, 3] } }],
  ]
  test.each(done)('%s', async (_name, patch, expected) => {
    const { server, path } = await startWithCollection()
    await server.request('POST', path, { data: [{ _id: 's', ...document }] })
    const { body } = await server.request('PATCH', path, { data: [{ _id: 's', patch }] })
    expect(body.data).toEqual([{ _collection: 'c', _id: 's', status: 'PATCHED', patch_id: expect.any(String) }])
    expect(await read(server, 's')).toEqual({ _id: 's', ...expected })
  })

  const failing: [string, unknown][] = [
    ['no such operation', [{ op: 'MERGE', path: '/n', value: 1 }]],
    ['no list', { op: 'ADD' }],
    ['no object', [1]],
    ['no value', [{ op: 'ADD', path: '/m' }]],
    ['no path', [{ op: 'ADD', value: 1 }]],
    ['a path without a slash', [{ op: 'ADD', path: 'm', value: 1 }]],
    ['a bad escape', [{ op: 'ADD', path: '/~2', value: 1 }]],
    ['a parent that is not there', [{ op: 'ADD', path: '/q/r', value: 1 }]],
    ['a parent that is text', [{ op: 'ADD', path: '/text/length', value: 1 }]],
    ['an inherited parent', [{ op: 'ADD', path: '/__proto__/polluted', value: 1 }]],
    ['an index past the end', [{ op: 'ADD', path: '/a/b/4', value: 1 }]],
    ['an index with zeros', [{ op: 'ADD', path: '/a/b/01', value: 1 }]],
    ['a negative index', [{ op: 'REPLACE', path: '/a/b/-1', value: 1 }]],
    ['REPLACE of the place after the last', [{ op: 'REPLACE', path: '/a/b/-', value: 1 }]],
    ['REPLACE of nothing', [{ op: 'REPLACE', path: '/q', value: 1 }]],
    ['REMOVE of nothing', [{ op: 'REMOVE', path: '/q' }]],
    ['COPY of nothing', [{ op: 'COPY', from: '/q', path: '/r' }]],
    ['MOVE into itself', [{ op: 'MOVE', from: '/a', path: '/a/b/-' }]],
    ['TEST of another value', [{ op: 'TEST', path: '/n', value: '1' }]],
    ['TEST of nothing', [{ op: 'TEST', path: '/q', value: null }]],
    ['INCREMENT of text', [{ op: 'INCREMENT', path: '/text', value: 1 }]],
    ['INCREMENT by text', [{ op: 'INCREMENT', path: '/n', value: '1' }]],
    ['another _id', [{ op: 'REPLACE', path: '/_id', value: 'z' }]],
    ['another _event_time', [{ op: 'ADD', path: '/_event_time', value: 1 }]],
    ['the whole document', [{ op: 'REPLACE', path: '', value: {} }]],
    ['copies of copies', Array.from({ length: 60 }, (_, index) => ({ op: 'COPY', from: '', path: `/copy${index}` }))],
  ]
  test.each(failing)('%s: nothing is changed, and the next document is', async (_name, patch) => {
    const { server, path } = await startWithCollection()
    await server.request('POST', path, { data: [{ _id: 's', ...document }, { _id: 't' }] })
    const before = { op: 'ADD', path: '/before', value: 1 }
    const { status, body } = await server.request('PATCH', path, {
      data: [
        { _id: 's', patch: Array.isArray(patch) ? [before, ...patch] : patch },
        { _id: 't', patch: [before] },
      ],
    })
    expect(status).toBe(200)
    expect(body.data).toMatchObject([{ _id: 's', status: 'ERROR', error: { type: 'INVALIDINPUT' } }, { status: 'PATCHED' }])
    expect(await read(server, 's')).toEqual({ _id: 's', ...document })
    expect(await read(server, 't')).toEqual({ _id: 't', before: 1 })
  })

  test('a document that is not there is NOTFOUND, unless upsert begins it', async () => {
    const { server, path } = await startWithCollection()
    const patch = [{ op: 'ADD', path: '/messages/-', value: 1 }]
    const missing = await server.request('PATCH', path, { data: [{ _id: 's', patch }] })
    expect(missing.body.data).toMatchObject([{ _id: 's', status: 'ERROR', error: { type: 'NOTFOUND' } }])
    const upsert = { messages: [], hist: { epoch: 'e' }, _id: 'other', _meta: 1 }
    await server.request('PATCH', path, {
      data: [
        { _id: 's', patch, upsert },
        { _id: 's', patch, upsert: { messages: ['wiped'] } },
      ],
    })
    expect(await read(server, 's')).toEqual({ _id: 's', messages: [1, 1], hist: { epoch: 'e' } })
    const failed = await server.request('PATCH', path, {
      data: [{ _id: 'u', patch: [{ op: 'TEST', path: '/x', value: 1 }], upsert }],
    })
    expect(failed.body.data[0].status).toBe('ERROR')
    expect(await read(server, 'u')).toBeUndefined()
  })

  test('TEST takes a number for the same however it is written, before and after it is stored', async () => {
    const { server, path } = await startWithCollection()
    const patch = async (operations: string) =>
      (await server.request('PATCH', path, `{"data":[{"_id":"s","patch":[${operations}],"upsert":{}}]}`)).body.data[0].status
    const equal = ['1e20', '100000000000000000000', '100000000000000000000.0']
    const tests = equal.map(value => `{"op":"TEST","path":"/n","value":${value}}`).join()
    for (const value of equal) {
      expect(await patch(`{"op":"ADD","path":"/n","value":${value}},${tests}`), value).toBe('PATCHED')
      expect(await patch(tests), value).toBe('PATCHED')
      expect(await patch('{"op":"TEST","path":"/n","value":100000000000000000001}'), value).toBe('ERROR')
    }
  })

  test.each([0, 1])('INCREMENT makes no integer that is too long to be sent, with a delay of %d ms', async visibilityDelayMs => {
    const { server, path } = await startWithCollection({ visibilityDelayMs })
    const ids = async () => (await server.query('SELECT _id FROM commons.c')).length
    const longest = '9'.repeat(1_000)
    await server.request('POST', path, `{"data":[{"_id":"s","n":${longest}},{"_id":"t","n":-${longest}}]}`)
    await expect.poll(ids).toBe(2)
    const increment = (_id: string, value: number) => ({ _id, patch: [{ op: 'INCREMENT', path: '/n', value }] })
    const data = [increment('s', 1), increment('t', -1), increment('s', -1)]
    const { body } = await server.request('PATCH', path, { data })
    expect(body.data).toMatchObject([{ status: 'ERROR' }, { status: 'ERROR' }, { status: 'PATCHED' }])
    await server.request('DELETE', path, { data: [{ _id: 's' }] })
    await expect.poll(ids).toBe(1)
  })

  test('a path is as long as a body allows', async () => {
    const { server, path } = await startWithCollection()
    const patch = (pointer: string) => [{ op: 'ADD', path: pointer, value: 1 }]
    const statuses = []
    for (const pointer of [`/${'a'.repeat(9_000_000)}`, '/a'.repeat(4_500_000), `/${'~0'.repeat(4_500_000)}`]) {
      const { body } = await server.request('PATCH', path, { data: [{ _id: 's', patch: patch(pointer), upsert: {} }] })
      statuses.push(body.data?.[0].status)
    }
    expect(statuses).toEqual(['PATCHED', 'ERROR', 'PATCHED'])
  })

  test('integers are exact', async () => {
    const { server, path } = await startWithCollection()
    await server.request('POST', path, '{"data":[{"_id":"s","n":9007199254740991}]}')
    const increment = (value: string) =>
      server.request('PATCH', path, `{"data":[{"_id":"s","patch":[{"op":"INCREMENT","path":"/n","value":${value}}]}]}`)
    const text = async () => (await server.request('POST', '/queries', { sql: { query: 'SELECT n FROM commons.c' } })).text
    await increment('1152921504606846977')
    expect(await text()).toContain('"n":1161928703861587968')
    await increment('-1161928703861587967')
    expect(await text()).toContain('"n":1}')
  })

  test('patches cannot make a document of any depth', async () => {
    const { server, path } = await startWithCollection()
    await server.request('POST', path, { data: [{ _id: 's', a: {} }] })
    const deep = `${'{"a":'.repeat(900)}{}${'}'.repeat(900)}`
    let pointer = '/a/a'
    const statuses: string[] = []
    for (let round = 0; round < 4; round += 1) {
      const { body } = await server.request(
        'PATCH',
        path,
        `{"data":[{"_id":"s","patch":[{"op":"ADD","path":"${pointer}","value":${deep}}]}]}`,
      )
      statuses.push(body.data[0].status)
      pointer += '/a'.repeat(901)
    }
    expect(statuses).toEqual(['PATCHED', 'PATCHED', 'ERROR', 'ERROR'])
  })
})

test('200 first patches of one document at once are all kept', async () => {
  const { server, path } = await startWithCollection()
  const append = (value: number) =>
    server.request('PATCH', path, {
      data: [{ _id: 's', patch: [{ op: 'ADD', path: '/messages/-', value }], upsert: { messages: [] } }],
    })
  const numbers = Array.from({ length: 200 }, (_, index) => index)
  const answers = await Promise.all(numbers.map(append))
  expect(answers.every(({ body }) => body.data[0].status === 'PATCHED')).toBe(true)
  expect(new Set(answers.map(({ body }) => body.last_offset)).size).toBe(200)
  const stored = (await read(server, 's'))?.messages as number[]
  expect(stored.toSorted((one, other) => one - other)).toEqual(numbers)
})
