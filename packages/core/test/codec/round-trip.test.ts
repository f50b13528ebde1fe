import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, it } from 'vitest'
import { decodeMessage, encodeMessage } from '../../src/codec.js'
import type { StoredMessage } from '../../src/message.js'
import {
  again,
  anyFields,
  anyMessage,
  exactly,
  exactlyInAnyOrder,
  histOf,
  human,
  objectOf,
  stored,
  warningsOf,
} from './values.js'

const FULL = stored('ai', {
  content: [{ type: 'text', text: 'café 👩‍🚀\u2028\u0000"\\\n' }, 'bare'],
  id: 'run-1',
  name: 'bot',
  tool_calls: [{ name: 'search', args: { q: { deep: [1, null, true, { b: [] }] } }, id: 'call_1', type: 'tool_call' }],
  invalid_tool_calls: [{ name: 'search', args: '{"q": ', id: 'call_2', error: 'bad json', type: 'invalid_tool_call' }],
  usage_metadata: { input_tokens: 3, output_tokens: 4, total_tokens: 7, input_token_details: { audio: 1 } },
  response_metadata: { logprobs: [-0.25, 1e-7, 1e21] },
  additional_kwargs: { refusal: null, '': 1, 'a.b': 2 },
})

describe('an ordinary message', () => {
  it('is one line of JSON: type, data, hist', () => {
    assert.equal(encodeMessage(stored('human', { content: 'hi' })), '{"type":"human","data":{"content":"hi"},"hist":{"v":1}}')
    const text = encodeMessage(FULL)
    assert.equal(text, `${JSON.stringify(FULL).slice(0, -1)},"hist":{"v":1}}`)
    assert.ok(!text.includes('\n'))
  })

  it('comes back with its keys in order and without hist', () => {
    exactly(again(FULL), FULL)
    exactly(again(stored('human', { content: 'hi' })), { type: 'human', data: { content: 'hi' } })
    exactly(again(stored('no-such-type', { anything: [null] })), { type: 'no-such-type', data: { anything: [null] } })
    exactly(again(stored('quote"d', { a: null })), { type: 'quote"d', data: { a: null } })
  })

  it('keeps null, which is a value', () => {
    const message = stored('tool', { content: '', tool_call_id: 'c', artifact: null, name: null, id: null })
    exactly(again(message), message)
  })

  it('survives UTF-8, lone surrogates included', () => {
    const message = human({ s: 'a\udc00b', '\ud83d': '\u0000' })
    exactly(decodeMessage(Buffer.from(encodeMessage(message)).toString()), message)
  })
})

describe('what JSON cannot say', () => {
  class Invalid extends Error {
    override name = 'Invalid'
  }
  const bytes = () => Uint8Array.of(137, 80, 0, 255)
  const values: [kind: string, json: unknown, value: unknown][] = [
    ['num', null, Number.NaN],
    ['num', null, Number.POSITIVE_INFINITY],
    ['num', null, Number.NEGATIVE_INFINITY],
    ['num', 0, -0],
    ['undef', null, undefined],
    ['bigint', '-12345678901234567890123', -12345678901234567890123n],
    ['date', '2026-01-02T03:04:05.678Z', new Date(1767323045678)],
    ['date', null, new Date(Number.NaN)],
    ['date', '+275760-09-13T00:00:00.000Z', new Date(8.64e15)],
    ['map', [['a', 1]], new Map([['a', 1]])],
    ['set', ['b', 'a'], new Set(['b', 'a'])],
    ['u8', 'iVAA/w==', bytes()],
    ['buf', 'iVAA/w==', Buffer.from(bytes())],
    ['ab', 'iVAA/w==', bytes().buffer],
    ['url', 'https://example.com/a?b#c', new URL('https://example.com/a?b#c')],
    ['re', '[^\\]]+/', /[^\]]+\//giu],
    ['err', { name: 'RangeError', message: 'no' }, new RangeError('no')],
    ['err', { name: 'Invalid', message: 'no' }, Object.assign(new Error('no'), { name: 'Invalid' })],
  ]
  // The JavaScript of `re` escapes the slash.
  const shown = (kind: string, json: unknown) => (kind === 're' ? '[^\\]]+\\/' : json)

  it.each(values)('%s: %j', (kind, json, value) => {
    for (const message of [human({ at: value }), stored('tool', { content: '', tool_call_id: 'c', artifact: [value] })]) {
      const text = encodeMessage(message)
      exactly(decodeMessage(text), message)
      assert.equal((histOf(text).f as unknown[][]).length, 1)
      assert.equal((histOf(text).f as unknown[][])[0]?.[1], kind)
    }
    assert.deepEqual(JSON.parse(encodeMessage(human({ at: value }))).data.additional_kwargs.at, shown(kind, json))
  })

  it('takes bytes out of the memory they share', () => {
    const whole = Uint8Array.of(1, 2, 3, 4)
    const back = again(human({ part: whole.subarray(1, 3), small: Buffer.from('x') })).data.additional_kwargs as {
      part: Uint8Array
    }
    exactly(back, { part: Uint8Array.of(2, 3), small: Buffer.from('x') })
    assert.equal(back.part.buffer.byteLength, 2)
  })

  it('keeps holes, undefined and absence apart', () => {
    const list: unknown[] = [undefined, 0, 1, 0]
    delete list[1]
    delete list[3]
    const message = human({ list, gone: undefined })
    exactly(again(message), message)
  })

  it('works inside itself', () => {
    const message = human({ m: new Map<unknown, unknown>([[{ at: new Date(0) }, new Set([new Map([[Number.NaN, bytes()]])])]]) })
    exactly(again(message), message)
  })

  it('stands at the top of data and in content too', () => {
    const message = stored('human', { content: [{ type: 'image', data: bytes() }], when: new Date(0), u: undefined })
    exactly(again(message), message)
  })

  it('an Error keeps name and message and gets no misleading stack', () => {
    const { error } = again(human({ error: new Invalid('no') })).data.additional_kwargs as { error: Error }
    assert.equal(`${error}`, 'Invalid: no')
    assert.equal(error.stack, 'Invalid: no')
    assert.ok(error instanceof Error)
  })

  it('is not mistaken for what it looks like', () => {
    const message = human({
      date: '2026-01-02T03:04:05.678Z',
      n: null,
      pairs: [['a', 1]],
      e: { name: 'Error', message: '' },
      tag: 'NaN',
    })
    exactly(again(message), message)
    assert.deepEqual(histOf(encodeMessage(message)), { v: 1 })
  })

  it('takes objects of other realms for what they are', async () => {
    const { runInNewContext } = await import('node:vm')
    const value = runInNewContext(
      '({ plain: { list: [1, NaN] }, date: new Date(0), map: new Map([[1, 2n]]), bytes: new Uint8Array([7]), error: new TypeError("no") })',
    )
    const warnings = warningsOf(onWarning => {
      exactly(
        decodeMessage(encodeMessage(human(value), { onWarning })),
        human({
          plain: { list: [1, Number.NaN] },
          date: new Date(0),
          map: new Map([[1, 2n]]),
          bytes: Uint8Array.of(7),
          error: new TypeError('no'),
        }),
      )
    })
    assert.deepEqual(warnings, [])
  })
})

describe('hostile keys', () => {
  it('__proto__ is data, never a prototype', () => {
    const message = human(
      objectOf([
        ['__proto__', { polluted: true }],
        ['constructor', { prototype: { polluted: true } }],
      ]),
    )
    for (const special of [false, true]) {
      if (special) Object.assign(message.data, { u: undefined })
      const kwargs = again(message).data.additional_kwargs as object
      exactly(again(message), message)
      assert.equal(Object.getPrototypeOf(kwargs), Object.prototype)
      assert.deepEqual(Object.keys(kwargs), ['__proto__', 'constructor'])
    }
    assert.equal(({} as { polluted?: boolean }).polluted, undefined)
  })

  it('in data itself, with a value that needs a fix', () => {
    const message = stored(
      'human',
      objectOf([
        ['content', ''],
        ['__proto__', objectOf([['__proto__', 1n]])],
      ]),
    )
    exactly(again(message), message)
  })

  it('hist, type, toJSON and LangChain’s own are ordinary keys', () => {
    const message = human({ hist: { v: 9, f: [] }, type: 1, toJSON: 'text', lc: 1, __lc_escaped__: { lc: 1 }, lc_kwargs: 3 })
    exactly(again(message), message)
  })
})

describe('hist in memory', () => {
  it('is there only if it says something', () => {
    exactly(again(stored('human', { content: '' }, {})), stored('human', { content: '' }))
    exactly(again(stored('human', { content: '' }, { v: 1 })), stored('human', { content: '' }))
    exactly(again(stored('human', { content: '' }, { v: 1, f: [] })), stored('human', { content: '' }))
  })

  it('keeps the chunk mark, members of others, and fixes for nested messages', () => {
    const nested = { type: 'ai', data: { content: 'x', additional_kwargs: { at: new Date(0) } } }
    const data = { content: '', additional_kwargs: { list: [nested], map: new Map([['k', nested]]) } }
    const nestedFixes = [
      [['additional_kwargs', 'list', 0], 'msg'],
      [['additional_kwargs', 'map', 0, 1], 'msg'],
    ]
    const message = stored('human', data, { v: 1, c: 1, f: nestedFixes, r: { a: 'append', i: 3 } })
    // Deepest path first.
    exactly(again(message).data, data)
    exactlyInAnyOrder(again(message).hist, { v: 1, c: 1, f: nestedFixes, r: { a: 'append', i: 3 } })
    const others = [
      [['additional_kwargs', 'list', 0, 'data'], 'date'],
      ['additional_kwargs', 'msg'],
      [[], 'msg'],
      [[null], 'msg'],
      null,
    ]
    exactly(
      again(stored('human', data, { v: 1, f: [...others, ...nestedFixes] })),
      again(stored('human', data, { f: nestedFixes })),
    )
    for (const hist of [{ f: {} }, { f: 'x' }, { c: true }, { c: 2 }])
      exactly(again(stored('human', data, hist)), stored('human', data))
  })

  it('marks nested messages in plain data too', () => {
    const message = stored('human', { content: '', kept: { type: 'ai', data: {} } }, { v: 1, f: [[['kept'], 'msg']] })
    assert.equal(
      encodeMessage(message),
      '{"type":"human","data":{"content":"","kept":{"type":"ai","data":{}}},"hist":{"v":1,"f":[[["kept"],"msg"]]}}',
    )
    exactly(again(message), message)
  })
})

describe('other names of a type', () => {
  it.each([
    ['generic', 'chat'],
    ['user', 'human'],
    ['assistant', 'ai'],
  ])('%s is %s', (type, own) => {
    const data = { content: '', role: 'r' }
    exactly(again(stored(type, data)), stored(own, data))
  })

  it.each(['human', 'ai', 'system', 'tool', 'function', 'chat'])('a chunk of %s is the message, marked', own => {
    const type = `${own === 'ai' ? 'AI' : `${own[0]?.toUpperCase()}${own.slice(1)}`}MessageChunk`
    const data = { content: '', role: '', name: '', tool_call_id: '' }
    exactly(again(stored(type, data)), stored(own, data, { v: 1, c: 1 }))
    exactly(again(again(stored(type, data))), stored(own, data, { v: 1, c: 1 }))
  })

  it('developer is system with its role, and the caller’s objects stay', () => {
    const message = stored('developer', { content: '', additional_kwargs: { a: 1 } })
    exactly(again(message), stored('system', { content: '', additional_kwargs: { a: 1, __openai_role__: 'developer' } }))
    exactly(message, stored('developer', { content: '', additional_kwargs: { a: 1 } }))
    exactly(again(stored('developer', {})), stored('system', { additional_kwargs: { __openai_role__: 'developer' } }))
  })

  it('MessageChunk of nothing known is an unknown type', () => {
    for (const type of ['MessageChunk', 'FooMessageChunk', 'constructor', '__proto__', ''])
      exactly(again(stored(type, {})), stored(type, {}))
  })
})

describe('any message', () => {
  it('comes back', () => {
    fc.assert(
      fc.property(anyMessage, message => exactlyInAnyOrder(again(message), message)),
      { numRuns: 2000 },
    )
  })

  it('as text is one line of strict JSON, valid as UTF-8', () => {
    fc.assert(
      fc.property(anyMessage, message => {
        const text = encodeMessage(message)
        assert.equal(Buffer.from(text).toString(), text)
        assert.ok(!/[\n\r]/.test(text))
        assert.deepEqual(Object.keys(JSON.parse(text)), ['type', 'data', 'hist'])
      }),
    )
  })

  it('of plain JSON is written as JSON.stringify does, and has its keys in order', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const message = stored('human', { content: '', value })
        // JSON itself does not keep -0.
        fc.pre(!Object.is(value, -0) && !/-0[,\]}]/.test(JSON.stringify(value)))
        exactly(again(message), message)
      }),
    )
  })

  it('is not altered, and shares nothing with what comes back', () => {
    fc.assert(
      fc.property(anyFields, kwargs => {
        const before = copyOf(kwargs)
        const message = human(kwargs)
        const back = again(message)
        exactly(kwargs, before)
        const known = objectsIn(message)
        for (const object of objectsIn(back)) assert.ok(!known.has(object))
      }),
    )
  })

  it('may be frozen, and may hold one object twice', () => {
    const shared = Object.freeze({ a: Object.freeze([1n]) })
    const message: StoredMessage = Object.freeze(stored('human', Object.freeze({ content: '', x: shared, y: shared })))
    const back = again(message).data
    exactly(back, { content: '', x: { a: [1n] }, y: { a: [1n] } })
    assert.notEqual(back.x, back.y)
  })
})

/** A copy by other means than the code under test. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return copyOfList(value)
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [copyOf(key), copyOf(item)]))
  if (value instanceof Set) return new Set([...value].map(copyOf))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  return objectOf(Object.keys(value).map(key => [key, copyOf(Object.getOwnPropertyDescriptor(value, key)?.value)] as const))
}

function copyOfList(list: unknown[]): unknown[] {
  const copy = list.slice()
  for (const index of Object.keys(list)) copy[Number(index)] = copyOf(list[Number(index)])
  return copy
}

function objectsIn(value: unknown, found = new Set<object>()): Set<object> {
  if (typeof value !== 'object' || value === null) return found
  found.add(value)
  if (value instanceof Map || value instanceof Set) for (const item of value) objectsIn(item, found)
  else for (const key of Object.keys(value)) objectsIn(Object.getOwnPropertyDescriptor(value, key)?.value, found)
  return found
}
