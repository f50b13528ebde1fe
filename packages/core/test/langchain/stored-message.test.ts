import assert from 'node:assert/strict'
import type * as LangChain from '@langchain/core/messages'
import fc from 'fast-check'
import * as Floor from 'langchain-core-floor/messages'
import { beforeAll, describe, it, vi } from 'vitest'
import { decodeMessage, encodeMessage } from '../../src/codec.js'
import { isArgumentError } from '../../src/errors.js'
import type * as Mapping from '../../src/langchain/stored-message.js'
import type { StoredMessage } from '../../src/message.js'
import { conversation, pythonRows, stockRows } from '../codec/recorded.js'
import { anyFields, exactly, exactlyInAnyOrder, type Fields, stored, warningsOf } from '../codec/values.js'
import { jsMessages } from '../fixtures/messages/js-messages.mjs'

const FLOOR = 'langchain-core-floor'
const FIELDS = [
  'content',
  'id',
  'name',
  'additional_kwargs',
  'response_metadata',
  'tool_calls',
  'invalid_tool_calls',
  'usage_metadata',
]
FIELDS.push('tool_call_id', 'status', 'artifact', 'metadata', 'role')
const REFUSED = ['remove', 'remove_all', 'kwargs_cycle', 'kwargs_deep_2000']
const CLASSES: Record<string, string> = {
  human: 'Human',
  ai: 'AI',
  system: 'System',
  tool: 'Tool',
  function: 'Function',
  chat: 'Chat',
}

describe.each(['@langchain/core', FLOOR])('%s', core => {
  let M: typeof LangChain
  let toStoredMessage: typeof Mapping.toStoredMessage
  let fromStoredMessage: typeof Mapping.fromStoredMessage
  let fixtures: ReturnType<typeof jsMessages>

  beforeAll(async () => {
    vi.resetModules()
    vi.doMock('@langchain/core/messages', () => vi.importActual(`${core}/messages`))
    M = await import('@langchain/core/messages')
    ;({ fromStoredMessage, toStoredMessage } = await import('../../src/langchain/stored-message.js'))
    fixtures = jsMessages(M)
  })

  /** To text and back, without a word on the console. */
  function again(message: LangChain.BaseMessage, options?: Mapping.FromStoredOptions): LangChain.BaseMessage {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const back = fromStoredMessage(decodeMessage(encodeMessage(toStoredMessage(message))), options)
    assert.equal(warn.mock.calls.length, 0)
    warn.mockRestore()
    return back
  }

  function made(name: string): LangChain.BaseMessage {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const message = fixtures[name]?.()
    warn.mockRestore()
    assert.ok(message)
    return message
  }

  function sameFields(actual: LangChain.BaseMessage, expected: LangChain.BaseMessage, except: string[] = []): void {
    for (const field of FIELDS) {
      if (!except.includes(field)) exactlyInAnyOrder((actual as unknown as Fields)[field], (expected as unknown as Fields)[field])
    }
  }

  function refused(run: () => unknown, text: RegExp): void {
    assert.throws(run, error => isArgumentError(error) && text.test(error.message) && error.message.length < 300)
  }

  it('is the version it should be', () => {
    assert.equal('isInstance' in M.BaseMessage, core !== FLOOR)
    assert.equal(M.HumanMessage === (Floor.HumanMessage as unknown), core === FLOOR)
  })

  describe('every kind of message', () => {
    const names = Object.keys(jsMessages(Floor)).filter(name => !REFUSED.includes(name))
    assert.equal(names.length, 51)

    it.each(names)('%s comes back in every field, as a message of its class', name => {
      const message = made(name)
      // Dropped, and reported by the codec.
      delete message.additional_kwargs.f
      // Version 0.3 leaves out the content of what it does not know.
      if (message.content === undefined) message.content = []
      const before = new Map(FIELDS.map(field => [field, (message as unknown as Fields)[field]]))
      const back = again(message)
      sameFields(back, message)
      assert.equal(back.getType(), message.getType())
      assert.equal(
        (back.constructor as { lc_name?(): string }).lc_name?.(),
        `${CLASSES[back.getType() === 'generic' ? 'chat' : back.getType()]}Message`,
      )
      assert.ok(back instanceof M.BaseMessage)
      assert.ok(!('tool_call_chunks' in back) && !('tool_call_chunks' in back.lc_kwargs))
      for (const [field, value] of before) assert.equal((message as unknown as Fields)[field], value)
    })

    it.each(names)('%s has one stored form', name => {
      const message = made(name)
      delete message.additional_kwargs.f
      const form = toStoredMessage(message)
      exactly(decodeMessage(encodeMessage(form)), form)
      if (form.hist === undefined) exactlyInAnyOrder(toStoredMessage(again(message)), form)
      exactly(toStoredMessage(again(message, { chunks: true })), form)
    })

    it.each(names)('%s: lc_kwargs, and with them toJSON(), hold the fields', name => {
      const back = again(made(name))
      for (const field of FIELDS) {
        const value = (back as unknown as Fields)[field]
        if (value !== undefined) assert.equal(back.lc_kwargs[field], value)
      }
    })

    it.each(names.filter(name => name.includes('_chunk') && name !== 'function_chunk').concat('function_chunk'))(
      '%s, asked for as a chunk',
      name => {
        const message = made(name) as LangChain.AIMessageChunk
        const back = again(message, { chunks: true }) as LangChain.AIMessageChunk
        sameFields(back, message)
        exactly(back.tool_call_chunks, message.tool_call_chunks)
        assert.equal(Object.getPrototypeOf(back), Object.getPrototypeOf(message))
        assert.ok('concat' in again(message, { chunks: true }))
        assert.notEqual(Object.getPrototypeOf(again(message)), Object.getPrototypeOf(message))
      },
    )

    it.each(REFUSED)('%s is refused', name => {
      refused(() => encodeMessage(toStoredMessage(made(name))), /RemoveMessage|a cycle|nested deeper/)
    })

    it('a function among the values is dropped with a warning', () => {
      const warnings = warningsOf(onWarning => encodeMessage(toStoredMessage(made('kwargs_undefined')), { onWarning }))
      assert.deepEqual(
        warnings.map(({ path }) => path),
        ['additional_kwargs.f'],
      )
    })

    it('extra fields keep their own names', () => {
      const message = new M.HumanMessage({ content: 'x', customCamel: 1, ID: 'not the id', role: 'r', status: null } as never)
      exactlyInAnyOrder(toStoredMessage(message).data, {
        content: 'x',
        additional_kwargs: {},
        response_metadata: {},
        customCamel: 1,
        ID: 'not the id',
        role: 'r',
        status: null,
      })
      const back = again(message)
      assert.equal(back.id, undefined)
      exactlyInAnyOrder(back.lc_kwargs, toStoredMessage(message).data)
    })

    it('fields set after construction count, machinery does not', () => {
      const message = new M.AIMessage({ content: 'x', id: 'old', type: 'human', lc_serializable: 1, lc_kwargs: 2 } as never)
      Object.assign(message, {
        content: 'new',
        id: 'a1',
        name: 'n',
        usage_metadata: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
      })
      Object.assign(message, {
        tool_calls: [{ name: 'f', args: {}, id: 'c' }],
        response_metadata: { r: 1 },
        additional_kwargs: { k: undefined },
      })
      sameFields(again(message), message)
      assert.deepEqual(
        Object.keys(toStoredMessage(message).data).filter(key => key.startsWith('lc_') || key === 'type'),
        [],
      )
    })

    it('null is a value', () => {
      const message = Object.assign(new M.AIMessage('x'), {
        id: null,
        name: null,
        usage_metadata: null,
        tool_calls: null,
        additional_kwargs: null,
      })
      sameFields(again(message as never), message as never)
    })

    it('what is not there becomes empty', () => {
      const bare = fromStoredMessage(stored('ai', {})) as LangChain.AIMessage
      exactly([bare.content, bare.additional_kwargs, bare.response_metadata], ['', {}, {}])
      exactly([bare.tool_calls, bare.invalid_tool_calls, bare.usage_metadata, bare.id], [[], [], undefined, undefined])
      exactly(toStoredMessage(Object.assign(new M.HumanMessage('x'), { content: null }) as never).data.content, [])
      const tool = fromStoredMessage(stored('tool', {})) as LangChain.ToolMessage
      exactly([tool.tool_call_id, tool.name, tool.status, tool.artifact], [undefined, undefined, undefined, undefined])
    })
  })

  describe('chunks', () => {
    it('are marked; whole messages are not, though a system message can be concatenated', () => {
      class MySystem extends M.SystemMessage {}
      class MyChunk extends M.SystemMessageChunk {
        static override lc_name() {
          return 'MyChunk'
        }
      }
      exactly(toStoredMessage(new M.AIMessageChunk('x')).hist, { v: 1, c: 1 })
      exactly(toStoredMessage(new MyChunk('x')).hist, { v: 1, c: 1 })
      exactly(toStoredMessage(new M.SystemMessage('x')).hist, undefined)
      exactly(toStoredMessage(new MySystem('x')).hist, undefined)
    })
  })

  describe('messages inside values', () => {
    const inner = () => new M.AIMessage({ content: 'in', tool_calls: [{ name: 'f', args: { at: new Date(0) }, id: 'c' }] })

    interface Nested {
      one: LangChain.BaseMessage
      twice: { artifact: { list: [LangChain.BaseMessage] } }
      map: Map<unknown, unknown>
      set: Set<unknown>
      chunk: unknown
    }

    it('come back as messages, wherever they are', () => {
      const twice = new M.ToolMessage({ content: 'x', tool_call_id: 'c', artifact: { list: [inner()] } })
      const map = new Map<unknown, unknown>([
        ['k', inner()],
        [inner(), 1],
      ])
      const message = new M.HumanMessage({
        content: 'out',
        additional_kwargs: { one: inner(), twice, map, set: new Set([inner()]), chunk: new M.AIMessageChunk('c') },
      })
      const form = toStoredMessage(message)
      exactly(decodeMessage(encodeMessage(form)), form)
      const kwargs = again(message).additional_kwargs as unknown as Nested
      sameFields(kwargs.one, inner())
      sameFields(kwargs.twice.artifact.list[0], inner())
      const entries = [...kwargs.map]
      sameFields(entries[0]?.[1] as LangChain.BaseMessage, inner())
      sameFields(entries[1]?.[0] as LangChain.BaseMessage, inner())
      sameFields([...kwargs.set][0] as LangChain.BaseMessage, inner())
      assert.ok(kwargs.twice instanceof M.ToolMessage)
      assert.ok(!(kwargs.chunk instanceof M.AIMessageChunk))
      const { chunk } = again(message, { chunks: true }).additional_kwargs
      assert.ok(chunk instanceof M.AIMessageChunk)
    })

    it('are plain JSON to others', () => {
      const row = JSON.parse(
        encodeMessage(toStoredMessage(new M.HumanMessage({ content: '', additional_kwargs: { m: inner() } }))),
      )
      assert.equal(row.data.additional_kwargs.m.type, 'ai')
      assert.equal(row.data.additional_kwargs.m.data.tool_calls[0].args.at, '1970-01-01T00:00:00.000Z')
    })

    it('that somebody edited, or of unknown type, stay as they are', () => {
      const message = stored(
        'human',
        { content: '', a: 1, b: { type: 'x', data: {} }, c: { type: 5 } },
        {
          v: 1,
          f: [
            [['a'], 'msg'],
            [['b'], 'msg'],
            [['c'], 'msg'],
            [['d'], 'msg'],
          ],
        },
      )
      exactly(fromStoredMessage(message).lc_kwargs.b, { type: 'x', data: {} })
      exactly(fromStoredMessage(message).lc_kwargs.a, 1)
    })
  })

  describe('what cannot be a message', () => {
    it('toStoredMessage takes LangChain messages only', () => {
      for (const value of [undefined, null, 5, 'hi', {}, [], stored('human', { content: '' })])
        refused(() => toStoredMessage(value as never), /not a LangChain message/)
      refused(() => toStoredMessage(new M.RemoveMessage({ id: 'h1' })), /RemoveMessage/)
    })

    it('fromStoredMessage takes stored messages only', () => {
      for (const value of [undefined, null, 5, {}, { type: 'human' }, { type: 5, data: {} }, { type: 'human', data: [] }]) {
        refused(() => fromStoredMessage(value as never), /not a stored message/)
      }
      exactly(fromStoredMessage(stored('human', { content: '' }, { v: 1, f: 5 })).content, '')
      exactly(fromStoredMessage(stored('human', { content: '' }, { v: 1, f: [null, 5] })).content, '')
    })

    it('an unknown type has no class; other names of a type have', () => {
      assert.throws(() => fromStoredMessage(stored('custom', { content: '' })), {
        code: 'UNSUPPORTED',
        message: /"custom"/,
        outcome: 'failed',
      })
      for (const type of ['toString', '__proto__', ''])
        assert.throws(() => fromStoredMessage(stored(type, {})), { code: 'UNSUPPORTED' })
      assert.ok(fromStoredMessage(stored('user', { content: '' })) instanceof M.HumanMessage)
      assert.ok(fromStoredMessage(stored('generic', { content: '', role: 'r' })) instanceof M.ChatMessage)
      assert.ok(fromStoredMessage(stored('AIMessageChunk', { content: '' }), { chunks: true }) instanceof M.AIMessageChunk)
      assert.equal(fromStoredMessage(stored('developer', { content: '' })).additional_kwargs.__openai_role__, 'developer')
    })

    it('of type remove is a RemoveMessage', () => {
      const message = fromStoredMessage(stored('remove', { content: '', id: 'h1' }))
      assert.ok(message instanceof M.RemoveMessage)
      exactly([message.id, message.content], ['h1', ''])
    })

    it('cycles and depth are refused by path, at once', () => {
      const ring: Fields = { a: 1 }
      ring.self = [ring, ring]
      refused(
        () => toStoredMessage(new M.HumanMessage({ content: '', additional_kwargs: { ring } })),
        /^message\.additional_kwargs\.ring\.self\.0: a cycle/,
      )
      const parent = new M.HumanMessage('x')
      parent.additional_kwargs.child = new M.AIMessage({ content: '', additional_kwargs: { parent } })
      refused(() => toStoredMessage(parent), /a cycle/)
      let deep: unknown = 1
      for (let level = 0; level < 200_000; level++) deep = level % 2 ? [deep] : { deep }
      refused(() => toStoredMessage(new M.HumanMessage({ content: '', additional_kwargs: { deep } })), /nested deeper than 990/)
    })

    it('a getter that throws is named by its path', () => {
      const secret = () => {
        throw new Error('secret')
      }
      const kwargs = {
        a: [
          {
            get b() {
              return secret()
            },
          },
        ],
      }
      refused(
        () => toStoredMessage(new M.HumanMessage({ content: '', additional_kwargs: kwargs })),
        /^message\.additional_kwargs\.a\.0\.b: cannot be read(?!.*secret)/,
      )
    })
  })

  describe('nothing is shared', () => {
    const values = () => ({
      list: [{ a: 1 }],
      map: new Map([[{ k: 1 }, [1]]]),
      set: new Set([{ s: 1 }]),
      at: new Date(0),
      bytes: Uint8Array.of(1),
      buffer: Buffer.from('x'),
      ab: new ArrayBuffer(1),
      floats: Float32Array.of(1),
      url: new URL('https://example.com'),
    })

    it('between a message and its stored form', () => {
      const message = new M.HumanMessage({
        content: [{ type: 'text', text: 'x' }],
        additional_kwargs: values(),
        extra: { e: 1 },
      } as never)
      const { data } = toStoredMessage(message)
      exactly(data.additional_kwargs, values())
      disjoint(
        [data.content, data.additional_kwargs, data.response_metadata, data.extra],
        [message.content, message.additional_kwargs, message.response_metadata, message.lc_kwargs.extra],
      )
    })

    it('of the stored form itself, which stays; the values inside are the same', () => {
      for (const kwargs of [values(), { list: [{ a: 1 }] }]) {
        const form = stored('ai', {
          content: [{ type: 'text', text: 'x' }],
          additional_kwargs: kwargs,
          tool_calls: [{ name: 'f', args: {}, id: 'c' }],
        })
        const before = structuredClone({ ...form, data: { ...form.data, additional_kwargs: null } })
        const message = fromStoredMessage(form)
        exactly({ ...form, data: { ...form.data, additional_kwargs: null } }, before)
        exactly(message.additional_kwargs, kwargs)
        assert.notEqual(message.lc_kwargs, form.data)
        assert.equal(message.additional_kwargs, kwargs)
        message.id = 'set later'
        message.lc_kwargs.id = 'set later'
        exactly({ ...form, data: { ...form.data, additional_kwargs: null } }, before)
      }
    })

    it('unless the message is given away', () => {
      const form = stored('ai', { content: [], additional_kwargs: values(), response_metadata: {} })
      assert.equal(fromStoredMessage(form, { transfer: true }).additional_kwargs, form.data.additional_kwargs)
    })

    it('the oddest keys are copied too', () => {
      const kwargs = JSON.parse('{"__proto__":{"__proto__":1},"constructor":{"a":1}}')
      const message = new M.HumanMessage({ content: '', additional_kwargs: kwargs })
      exactly(again(message).additional_kwargs, kwargs)
      assert.equal(Object.getPrototypeOf(again(message).additional_kwargs), Object.prototype)
    })
  })

  it('any values come back', () => {
    fc.assert(
      fc.property(anyFields, anyFields, (kwargs, artifact) => {
        const message = new M.ToolMessage({ content: '', tool_call_id: 'c', artifact, additional_kwargs: kwargs })
        const back = again(message) as LangChain.ToolMessage
        exactly([back.artifact, back.additional_kwargs], [artifact, kwargs])
        const form = toStoredMessage(message)
        exactly(decodeMessage(encodeMessage(form)), form)
      }),
      { numRuns: 200 },
    )
  })

  it('messages of another copy of @langchain/core are messages', () => {
    const other = core === FLOOR ? 'the same' : 'another'
    const message = new Floor.AIMessageChunk({
      content: 'x',
      id: 'i',
      tool_call_chunks: [{ name: 'f', args: '{}', id: 'c', index: 0 }],
    })
    const outer = new M.HumanMessage({ content: '', additional_kwargs: { message } })
    assert.equal((message as unknown) instanceof M.AIMessageChunk, other === 'the same')
    for (const back of [again(message as never), again(outer).additional_kwargs.message as never]) {
      assert.ok((back as unknown) instanceof M.AIMessage)
      sameFields(back, message as never)
    }
    assert.equal(again(new Floor.ChatMessage('c', 'r') as never).getType(), 'generic')
    refused(() => toStoredMessage(new Floor.RemoveMessage({ id: 'x' }) as never), /RemoveMessage/)
  })

  describe('rows of others', () => {
    it.each(pythonRows())('$name of Python', ({ text }) => {
      const message = decodeMessage(text)
      const back = fromStoredMessage(message)
      const name = message.type as string
      const lc_name = (back.constructor as { lc_name?(): string }).lc_name?.()
      assert.equal(lc_name, name === 'remove' ? 'BaseMessage' : `${CLASSES[name]}Message`)
      for (const field of FIELDS) if (field in back) exactly((back as unknown as Fields)[field], message.data[field])
      if (name !== 'remove') exactlyInAnyOrder(decodeMessage(encodeMessage(toStoredMessage(back))).data, dataOfWhole(message))
    })

    // Their recorder was version 1; what a stock row does not hold cannot come back.
    const gone = [
      'kwargs_nan_inf',
      'kwargs_numbers',
      'kwargs_undefined',
      'kwargs_date',
      'content_uint8',
      'tool_artifact_bytes',
      'kwargs_cycle',
      'kwargs_lc_key',
      'remove',
      'remove_all',
      'human_no_content',
    ]
    it.each(core === FLOOR ? [] : stockRows().filter(({ name }) => !gone.includes(name)))(
      '$name of LangChain.js, also where its own reader lost $lost',
      ({ name, text }) => {
        sameFields(fromStoredMessage(decodeMessage(text)), made(name))
      },
    )
  })

  const messages = conversation()
  it(`${messages.length} messages of conversations come back`, () => {
    for (const message of messages) exactlyInAnyOrder(toStoredMessage(fromStoredMessage(message)), message)
  })
})

/** `data` as it is after a chunk was read as a whole message. */
function dataOfWhole({ data, hist }: StoredMessage): Fields {
  const { tool_call_chunks: chunks, ...whole } = data
  return hist?.c === 1 || chunks === undefined ? whole : data
}

function disjoint(one: unknown, other: unknown): void {
  const known = objectsIn(one)
  for (const object of objectsIn(other)) assert.ok(!known.has(object))
}

function objectsIn(value: unknown, found = new Set<object>()): Set<object> {
  if (typeof value !== 'object' || value === null) return found
  if (!Array.isArray(value) || found.size > 0) found.add(value)
  if (value instanceof Map || value instanceof Set) for (const item of value) objectsIn(item, found)
  else if (!ArrayBuffer.isView(value)) for (const item of Object.values(value)) objectsIn(item, found)
  return found
}
