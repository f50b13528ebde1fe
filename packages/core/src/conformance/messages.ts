import assert from 'node:assert/strict'
import type { HistoryWarning, StoredMessage } from '@hist/core'
import { refused } from './expect.js'
import type { Lab } from './lab.js'
import { all, human } from './sample.js'
import type { Section } from './suite.js'

const KINDS: StoredMessage[] = [
  { type: 'human', data: { content: 'hello', id: 'h-1', name: 'Ada', additional_kwargs: { lang: 'en' }, response_metadata: {} } },
  {
    type: 'human',
    data: { content: [{ type: 'text', text: 'look' }, { type: 'image_url', image_url: { url: 'https://x.test/a.png' } }, 'and'] },
  },
  {
    type: 'ai',
    data: {
      content: '',
      id: 'run-1',
      tool_calls: [
        { name: 'weather', args: { city: 'Zürich', days: [1, 2], deep: { a: null } }, id: 'call-1', type: 'tool_call' },
      ],
      invalid_tool_calls: [{ name: 'broken', args: '{"city": ', id: 'call-2', error: 'bad JSON', type: 'invalid_tool_call' }],
      usage_metadata: { input_tokens: 12, output_tokens: 5, total_tokens: 17, input_token_details: { cache_read: 3 } },
      response_metadata: { model_name: 'some-model', finish_reason: 'tool_calls', logprobs: null },
      additional_kwargs: { refusal: null },
    },
  },
  {
    type: 'ai',
    data: {
      content: [
        { type: 'reasoning', reasoning: 'hm' },
        { type: 'text', text: 'yes', annotations: [] },
      ],
    },
  },
  {
    type: 'tool',
    data: { content: '21 °C', tool_call_id: 'call-1', status: 'success', name: 'weather', artifact: { raw: [1, 2.5, -3e-7] } },
  },
  { type: 'tool', data: { content: 'no such city', tool_call_id: 'call-2', status: 'error' } },
  { type: 'system', data: { content: 'be brief' } },
  { type: 'function', data: { content: '{"a":1}', name: 'old_style' } },
  { type: 'chat', data: { content: 'as somebody else', role: 'critic' } },
]

/** What JSON cannot say, one value per field. */
function specialValues(): Record<string, unknown> {
  return {
    date: new Date(1_700_000_000_123),
    bytes: new Uint8Array([0, 1, 127, 128, 255]),
    big: 2n ** 80n,
    negative: -(2n ** 63n),
    nan: Number.NaN,
    infinity: Number.POSITIVE_INFINITY,
    minus: Number.NEGATIVE_INFINITY,
    zero: -0,
    nothing: undefined,
    null: null,
    list: [undefined, null, Number.NaN, new Date(0), 1n],
    map: new Map<unknown, unknown>([['k', new Date(1)]]),
    set: new Set([1n, 'x']),
  }
}

/** Numbers that stores with number types of their own round, refuse or respell. */
const NUMBERS = [
  0,
  1,
  -1,
  0.1,
  1.5,
  1e21,
  1e-7,
  1.7976931348623157e308,
  5e-324,
  2 ** 53,
  2 ** 53 - 1,
  -(2 ** 53),
  1e200,
  123456789012345.67,
]

const TEXTS = [
  '',
  ' ',
  'plain',
  'NUL \0 inside',
  'line\nfeed\r\nreturn\ttab\u2028\u2029',
  'lone \uD800 surrogate \uDC00 and \uD83D',
  '\u{1F468}\u200D\u{1F469}\u200D\u{1F467} \u{1F1E8}\u{1F1ED} \u05E9\u05DC\u05D5\u05DD \u202Eright to left',
  'e\u0301 and \u00E9 stay two things',
  '"quoted" \\ back \\u0041 slash \' `',
  '{"type":"human","data":{}}',
  '<script>&amp;</script> %s %d $& $1 #{y}',
  '\uFEFFbyte order mark',
  'x'.repeat(70_000),
]

/** Names of fields that something between here and the disk may treat as its own. */
const FIELDS = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'hist',
  'type',
  'data',
  'lc',
  '__lc_escaped__',
  '__rockset_type',
  '_id',
  '$ref',
  '.',
  '',
  'a.b',
  'é',
]

export const keepingMessages: Section = suite => {
  suite.test('every kind of message comes back as it was given', async lab => {
    await assertKept(lab, KINDS)
  })

  suite.test(
    'dates, bytes, big integers, NaN, -0, undefined, Map and Set come back as they were, anywhere in data',
    async lab => {
      await assertKept(lab, [
        { type: 'human', data: { content: 'special', additional_kwargs: specialValues(), ...specialValues() } },
        { type: 'tool', data: { content: 'special', tool_call_id: 'c', artifact: [specialValues()] } },
      ])
    },
  )

  suite.test('numbers come back exactly', async lab => {
    await assertKept(lab, [{ type: 'human', data: { content: 'numbers', additional_kwargs: { numbers: NUMBERS } } }])
  })

  suite.test(
    'any text comes back exactly: empty, NUL, lone surrogates, line separators, both Unicode normal forms',
    async lab => {
      await assertKept(lab, TEXTS.map(human))
      await assertKept(lab, [
        {
          type: 'human',
          data: { content: 'inside', additional_kwargs: Object.fromEntries(TEXTS.slice(2, 12).map(t => [t, t])) },
        },
      ])
    },
  )

  suite.test('any field name is data, __proto__ too, and no prototype is touched', async lab => {
    const fields = Object.create(Object.prototype) as Record<string, unknown>
    for (const name of FIELDS) {
      Object.defineProperty(fields, name, { value: { polluted: name }, enumerable: true, configurable: true, writable: true })
    }
    const message: StoredMessage = { type: 'human', data: { content: 'fields', additional_kwargs: fields } }
    const chat = lab.chat()
    await chat.append([message])
    const [stored] = await chat.messages()
    const kwargs = stored?.data.additional_kwargs ?? {}
    assert.deepEqual(Object.keys(kwargs).sort(), [...FIELDS].sort())
    for (const name of FIELDS) assert.deepEqual(Object.getOwnPropertyDescriptor(kwargs, name)?.value, { polluted: name }, name)
    assert.equal(Object.getPrototypeOf(kwargs), Object.prototype)
    assert.equal(({} as { polluted?: unknown }).polluted, undefined)
  })

  suite.test('a message of a type nobody knows, and fields nobody knows, pass through untouched', async lab => {
    const strange = {
      type: 'from-the-future',
      data: { content: [{ type: 'hologram', at: [1, { x: null }] }], mood: { joy: 0.7 } },
    }
    await assertKept(lab, [
      strange as unknown as StoredMessage,
      { type: 'ai', data: { content: 'known', brand_new_field: { nested: [true, false, null] } } },
      { type: 'human', data: {} },
    ])
  })

  suite.test('a hundred messages of all kinds in one append come back in order', async lab => {
    const many = Array.from({ length: 100 }, (_, index): StoredMessage => {
      const kind = KINDS[index % KINDS.length] ?? human('')
      return { ...kind, data: { ...kind.data, id: `m-${index}` } } as StoredMessage
    })
    await assertKept(lab, many)
  })

  suite.test('reads return fresh objects: what the caller changes in them is changed for nobody else', async lab => {
    const chat = lab.chat()
    await chat.append(KINDS)
    const spoil = (message: StoredMessage | undefined) => {
      assert.ok(message !== undefined)
      message.data.content = 'spoiled'
      if (message.data.additional_kwargs !== undefined) message.data.additional_kwargs.spoiled = true
    }
    for (const message of await chat.messages()) spoil(message)
    for (const message of await chat.messages({ last: 3 })) spoil(message)
    for (const entry of (await chat.page()).entries) {
      spoil(entry.message)
      entry.createdAt?.setTime(0)
    }
    for await (const entry of chat.entries()) spoil(entry.message)
    assert.deepEqual(await chat.messages(), KINDS)
    assert.deepEqual(await lab.elsewhere(chat).messages(), KINDS)
    assert.notEqual((await chat.page()).entries[0]?.createdAt?.getTime(), 0)
  })

  suite.test('onWarning hears of every value that cannot be stored; what can be is', async lab => {
    const warnings: HistoryWarning[] = []
    const chat = lab.faulty({}, { onWarning: warning => warnings.push(warning) }).session(lab.session())
    await chat.append([{ type: 'human', data: { content: 'lossy', additional_kwargs: { kept: 1, callback: () => undefined } } }])
    assert.deepEqual(await chat.messages(), [{ type: 'human', data: { content: 'lossy', additional_kwargs: { kept: 1 } } }])
    const [warning, ...others] = warnings
    assert.deepEqual([warning?.code, warning?.session, warning?.backend], ['LOSSY_VALUE', chat.sessionId, lab.setup.home.name])
    assert.match(String(warning?.path), /callback/)
    assert.deepEqual(others, [])
  })

  suite.test('a cycle, an instruction to remove, and a LangChain instance are a TypeError; nothing is written', async lab => {
    const chat = lab.chat()
    const cycle: Record<string, unknown> = {}
    cycle.self = { again: [cycle] }
    const remove = { type: 'remove', data: { content: '', id: 'm-1' } } as unknown as StoredMessage
    await refused('a cycle', () =>
      chat.append([human('fits'), { type: 'human', data: { content: '', additional_kwargs: cycle } }]),
    )
    await refused('remove', () => chat.append([human('fits'), remove]))
    await refused('an instance', () => chat.append([human('fits'), instance()]), /toStoredMessage/)
    assert.deepEqual(await chat.messages(), [])
  })
}

async function assertKept(lab: Lab, messages: readonly StoredMessage[]): Promise<void> {
  const chat = lab.chat()
  await chat.append(messages)
  assert.deepEqual(await chat.messages(), messages)
  assert.deepEqual(await lab.elsewhere(chat).messages({ last: messages.length }), messages)
  assert.deepEqual((await all(chat.entries({ order: 'newest-first' }))).map(entry => entry.message).reverse(), messages)
}

/** What a message object of LangChain looks like from outside. */
function instance(): StoredMessage {
  class HumanMessage {
    lc_serializable = true
    lc_namespace = ['langchain_core', 'messages']
    lc_kwargs = { content: 'hi' }
    type = 'human'
    content = 'hi'
    additional_kwargs = {}
    response_metadata = {}
    _getType() {
      return 'human'
    }
    getType() {
      return 'human'
    }
  }
  return new HumanMessage() as unknown as StoredMessage
}
