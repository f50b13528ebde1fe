import assert from 'node:assert/strict'
import { describe, it } from 'vitest'
import { decodeMessage, decodeRow, encodeMessage } from '../../src/codec.js'
import { HistoryError, isArgumentError } from '../../src/errors.js'
import { exactly, type Fields, stored, warningsOf } from './values.js'

function corrupt(text: string): HistoryError {
  try {
    decodeMessage(text)
  } catch (error) {
    assert.ok(error instanceof HistoryError)
    assert.deepEqual([error.code, error.retryable, error.outcome, error.cause], ['CORRUPT_ENTRY', false, 'failed', undefined])
    return error
  }
  throw new Error('decoded')
}

function ours(data: Fields, f: unknown[], more: Fields = {}): string {
  return JSON.stringify({ type: 'human', data, hist: { v: 1, f, ...more } })
}

describe('a row that is not a message', () => {
  it.each([
    '',
    ' ',
    '{',
    'null',
    '5',
    '"x"',
    '[]',
    '{}',
    '{"type":5,"data":{}}',
    '{"type":"human"}',
    '{"type":"human","data":null}',
    '{"type":"human","data":[]}',
    '{"type":"human","data":"x"}',
    '{"type":"human","data":{},"hist":{"v":1}',
    '{"data":{"content":"x"}}',
    '{"type":"human","data":[],"hist":{"v":1}}',
    '{"type":"human","data":null,"hist":{"v":1}}',
    '{"type":"human","data":5,"hist":{"v":2}}',
    '{"type":"human","data":{"content":NaN',
  ])('%s', text => {
    corrupt(text)
  })

  it('no content gets into the error', () => {
    for (const text of [
      '{"type":"human","data":{"content":"secret"',
      'secret',
      '{"type":"human","data":{"content":secret}}',
      '{"secret":NaN',
      '["secret"]',
      '{"type":["secret"],"data":{}}',
    ]) {
      const error = corrupt(text)
      assert.ok(!`${error.message}${error.stack}`.includes('secret'))
    }
  })

  it('too deep to walk is corrupt too', () => {
    const deep = `${'['.repeat(200_000)}NaN${']'.repeat(200_000)}`
    corrupt(`{"type":"human","data":{"content":${deep}}}`)
    corrupt(`{"type":"human","data":{"content":${'{"__lc_escaped__x":'.repeat(100_000)}1${'}'.repeat(100_000)}}}`)
  })

  it('text that is no text is the caller’s mistake', () => {
    for (const text of [undefined, null, 5, {}]) assert.throws(() => decodeMessage(text as never), isArgumentError)
  })
})

describe('a row of a newer version', () => {
  it('is plain JSON, with a warning', () => {
    const text = JSON.stringify({
      type: 'generic',
      data: { content: null, at: 'x' },
      hist: { v: 2, f: [[['at'], 'date']], new: 1 },
    })
    const warnings = warningsOf(onWarning =>
      exactly(decodeMessage(text, { onWarning }), stored('generic', { content: null, at: 'x' })),
    )
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['NEWER_FORMAT'],
    )
  })

  it('is told from ours by a single digit', () => {
    const newer = encodeMessage(stored('chat', { content: null })).replace('"v":1', '"v":2')
    const warnings = warningsOf(onWarning => decodeMessage(newer, { onWarning }))
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['NEWER_FORMAT'],
    )
  })

  it('with op is not a message: skipped, or refused if asked for', () => {
    for (const text of [
      '{"hist":{"v":2,"op":"pop"}}',
      '{"type":"human","data":{"content":""},"hist":{"v":1,"op":0}}',
      '{"type":5,"hist":{"op":null}}',
    ]) {
      assert.equal(decodeRow(text), undefined)
      assert.throws(() => decodeMessage(text), { code: 'CORRUPT_ENTRY', retryable: false, outcome: 'failed' })
    }
  })

  it('with kinds of fixes that are not known keeps the plain value, with a warning', () => {
    const text = ours({ content: '', a: { b: ['x'] }, at: '1970-01-01T00:00:00.000Z' }, [
      [['a', 'b', 0], 'colour', 'red'],
      [['at'], 'date'],
      [['gone'], 'colour'],
    ])
    const warnings = warningsOf(onWarning =>
      exactly(decodeMessage(text, { onWarning }), stored('human', { content: '', a: { b: ['x'] }, at: new Date(0) })),
    )
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['NEWER_FORMAT'],
    )
  })
})

describe('a row of ours', () => {
  it('is one whose hist is an object', () => {
    for (const hist of [{}, { v: 1 }, { v: 'x' }, { v: 0 }]) {
      exactly(
        decodeMessage(JSON.stringify({ type: 'ai', data: { content: null, name: null }, hist })),
        stored('ai', { content: null, name: null }),
      )
    }
    for (const hist of [null, 'x', [], 5]) {
      const { data } = decodeMessage(JSON.stringify({ type: 'ai', data: { content: null, name: null }, hist }))
      exactly(data, { content: '', additional_kwargs: {}, response_metadata: {}, tool_calls: [], invalid_tool_calls: [] })
    }
  })

  it('may have been formatted anew', () => {
    const message = stored('tool', { content: 'NaN 9007199254740993', tool_call_id: 'c', at: new Date(0), n: 2 ** 60 })
    const { hist, data, type } = JSON.parse(encodeMessage(message))
    exactly(decodeMessage(JSON.stringify({ hist, data, type }, null, 2)), message)
    exactly(decodeMessage('{"type":"human","data":{"content":""},"more":1,"hist":{"v":1}}'), stored('human', { content: '' }))
    exactly(decodeMessage('{"type":"h\\u0075man","data":{"content":""},"hist":{"v":1}}'), stored('human', { content: '' }))
    exactly(decodeMessage('{"type":"humen","data":{"content":""},"hist":{"v":1}}'), stored('humen', { content: '' }))
    exactly(decodeMessage('{"type":"human","dada":1,"data":{},"hist":{"v":1}}'), stored('human', {}))
    exactly(decodeMessage('{"type":"hum","data":{"content":""},"hist":{"v":1}}'), stored('hum', { content: '' }))
  })

  it('may hold its own ending', () => {
    for (const content of ['","hist":{"v":1}}', '{"type":"human","data":{},"hist":{"v":1}}']) {
      exactly(decodeMessage(encodeMessage(stored('human', { content }))), stored('human', { content }))
    }
  })
})

describe('an edited row', () => {
  const fixes = [
    [['a', 'b'], 'date'],
    [['list', 5], 'undef'],
    [['list', 'length'], 'put', 1_000_000],
    [['list', 0, 'x'], 'bigint'],
    [['content', 0], 'num', 'NaN'],
    [['gone', 'deep', 'deeper'], 'put', 1],
    [['gone'], 'del'],
    [['', ''], 'map'],
  ]

  it('loses the fixes whose path is gone', () => {
    const data = { content: 'edited', list: [1, 2], a: 'text' }
    exactly(decodeMessage(ours(data, fixes)), stored('human', data))
  })

  it('keeps what somebody put in the place of a value', () => {
    const data = {
      a: 'yesterday',
      c: 'no digits',
      e: 'not base64 but text is',
      f: [1],
      g: '::',
      h: '(',
      k: 'text',
      l: 3,
    }
    const kinds = {
      a: 'date',
      c: 'bigint',
      f: 'map',
      g: 'url',
      h: 're',
      k: 'undef',
      l: 'num',
    }
    exactly(
      decodeMessage(
        ours(
          data,
          Object.entries(kinds).map(([key, kind]) => [[key], kind, 'NaN']),
        ),
      ),
      stored('human', data),
    )
  })

  it('with any JSON in the place of any value is read', () => {
    const kinds = [
      'put',
      'del',
      'num',
      'undef',
      'bigint',
      'date',
      'map',
      'set',
      'u8',
      'buf',
      'ab',
      'url',
      're',
      'err',
      'msg',
      'x',
    ]
    for (const value of [null, true, 5, -1, '', 'text', [], [1], [[]], [[1, 2]], {}, { name: 1 }, { toString: 1, length: 3 }]) {
      for (const argument of [null, 5, 'NaN', 'zz', [], {}]) {
        const data = Object.fromEntries(kinds.map(kind => [kind, value]))
        const { data: read } = decodeMessage(
          ours(
            data,
            kinds.map(kind => [[kind], kind, argument]),
          ),
        )
        exactly([read.x, read.msg, Object.getPrototypeOf(read)], [value, value, Object.prototype])
      }
    }
    assert.equal(decodeMessage(ours({ v: 'x' }, [[['v'], { toString: 1 }]])).data.v, 'x')
  })

  it('with fixes that are not fixes is read without them', () => {
    const data = { content: 'x' }
    for (const f of [
      [null],
      [5],
      [[]],
      [[['content']]],
      [['content', 'date']],
      [[[], 'put', 5]],
      [[[null], 'del']],
      [[[{}], 'del']],
    ]) {
      exactly(decodeMessage(ours(data, f)), stored('human', data))
    }
    for (const f of [null, 5, {}, 'x']) exactly(decodeMessage(ours(data, f as never)), stored('human', data))
    exactly(decodeMessage(ours(data, [], { c: 2 })), stored('human', data))
  })

  it('reaches no prototype', () => {
    const paths = [
      ['__proto__', 'polluted'],
      ['constructor', 'prototype', 'polluted'],
      ['content', '__proto__', 'polluted'],
      ['list', '__proto__', 'polluted'],
      ['list', 'constructor', 'polluted'],
    ]
    for (const path of paths) {
      exactly(decodeMessage(ours({ content: 'x', list: [] }, [[path, 'put', true]])), stored('human', { content: 'x', list: [] }))
      assert.equal(({} as { polluted?: boolean }).polluted, undefined)
      assert.equal(([] as { polluted?: boolean }).polluted, undefined)
    }
    for (const kind of ['del', 'undef']) {
      decodeMessage(
        ours({ content: 'x', list: [] }, [
          [['__proto__', 'toString'], kind],
          [['list', '__proto__', 'push'], kind],
        ]),
      )
      assert.ok('toString' in {} && 'push' in [])
    }
    const own = decodeMessage(ours({ content: 'x' }, [[['__proto__'], 'put', { polluted: true }]])).data
    assert.deepEqual(Object.keys(own), ['content', '__proto__'])
    assert.equal(Object.getPrototypeOf(own), Object.prototype)
  })

  it('makes no class but the language’s own', () => {
    for (const name of ['Function', 'Proxy', 'WebSocket', 'Array', 'process', 'constructor', '__proto__', 5, null]) {
      exactly(decodeMessage(ours({ v: 'aGk=' }, [[['v'], 'view', name]])).data, { v: 'aGk=' })
      const { e } = decodeMessage(ours({ e: { name: String(name), message: 'm' } }, [[['e'], 'err']])).data as { e: Error }
      assert.equal(Object.getPrototypeOf(e), Error.prototype)
    }
  })
})

it('every read is fresh', () => {
  const text = encodeMessage(stored('human', { content: [{ a: 1 }] }))
  const one = decodeMessage(text)
  const other = decodeMessage(text)
  assert.notEqual(one.data, other.data)
  assert.notEqual(one.data.content, other.data.content)
})
