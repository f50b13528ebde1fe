import assert from 'node:assert/strict'
import { describe, it } from 'vitest'
import { decodeMessage, encodeMessage } from '../../src/codec.js'
import { cassandraRows, dynamodbRows, kafkaRows, pythonRows, stockRows } from './recorded.js'
import { again, exactly, exactlyInAnyOrder, type Fields, stored, warningsOf } from './values.js'

const TYPES: Record<string, string> = {
  AI: 'ai',
  Human: 'human',
  System: 'system',
  Tool: 'tool',
  Function: 'function',
  Chat: 'chat',
}

/** The rules once more, in other words: what of a row of Python's should be there. */
function fromPython(row: { type: string; data: Fields }) {
  const chunk = row.type.endsWith('MessageChunk')
  const type = chunk ? TYPES[row.type.replace('MessageChunk', '')] : row.type
  const data = Object.fromEntries(
    Object.entries(row.data).filter(
      ([key, value]) => value !== null && key !== 'type' && !(key === 'example' && value === false),
    ),
  )
  return { type, data, ...(chunk && { hist: { v: 1, c: 1 } }) }
}

function quietly(text: string) {
  let message = stored('', {})
  const warnings = warningsOf(onWarning => {
    message = decodeMessage(text, { onWarning })
  })
  assert.deepEqual(warnings, [])
  return message
}

describe('rows of Python', () => {
  const strict = pythonRows().filter(({ name }) => name !== 'kwargs_nan_inf')
  const rows = [...strict, ...kafkaRows(), ...cassandraRows()].filter(({ text }) => JSON.parse(text).type !== 'remove')

  it.each(rows)('$name: every field, no null, no type', ({ text }) => {
    const message = quietly(text)
    exactlyInAnyOrder(message, fromPython(JSON.parse(text)))
    exactly(again(message), message)
  })

  it.each(cassandraRows())('$name: as its own reader', ({ text, expected }) =>
    exactlyInAnyOrder(quietly(text), fromPython(expected)),
  )

  it('with NaN and Infinity, which are not JSON', () => {
    const text = pythonRows().find(({ name }) => name === 'kwargs_nan_inf')?.text ?? ''
    assert.throws(() => JSON.parse(text))
    const numbers = { n: Number.NaN, i: Number.POSITIVE_INFINITY, m: Number.NEGATIVE_INFINITY }
    const message = quietly(text)
    exactly(message.data.additional_kwargs, numbers)
    exactly(again(message), message)
  })

  it('leaves __lc_escaped__ and null inside values alone', () => {
    const text =
      '{"type":"human","data":{"content":"","additional_kwargs":{"o":{"__lc_escaped__":{"lc":null}}},"response_metadata":{},"type":"human"}}'
    exactly(quietly(text).data.additional_kwargs, { o: { __lc_escaped__: { lc: null } } })
  })

  it('example: true is a field, false is not', () => {
    const row = (example: boolean) =>
      JSON.stringify({ type: 'ai', data: { content: '', example, type: 'ai', tool_calls: [], invalid_tool_calls: [] } })
    assert.equal(quietly(row(true)).data.example, true)
    assert.ok(!('example' in quietly(row(false)).data))
  })

  it('remove is passed on as it is', () => {
    const row = { type: 'remove', data: { content: '', additional_kwargs: {}, type: 'remove', name: null, id: 'h1' } }
    exactly(quietly(JSON.stringify(row)), row)
  })
})

describe('rows of LangChain.js', () => {
  // What a rule changes is looked at one by one below.
  const changed = [
    'human_v1',
    'ai_v1_blocks',
    'ai_v1_string_content',
    'kwargs_lc_key',
    'kwargs_top_lc',
    'tool_args_lc',
    'human_no_content',
  ]
  it.each(stockRows().filter(({ name }) => !changed.includes(name)))('$name: every field', ({ text }) => {
    const { type, data } = JSON.parse(text)
    exactlyInAnyOrder(quietly(text), { type: type === 'generic' ? 'chat' : type, data })
  })

  const row = (name: string) => stockRows().find(stock => stock.name === name)?.text ?? ''
  const mended = (name: string) => {
    let message = stored('', {})
    const warnings = warningsOf(onWarning => {
      message = decodeMessage(row(name), { onWarning })
    })
    assert.ok(warnings.length > 0 && warnings.every(({ code }) => code === 'REPAIRED_ENTRY'))
    return message
  }

  it.each(['human_v1', 'ai_v1_blocks'])('%s: content_blocks without content', name => {
    const { content_blocks: blocks, ...data } = JSON.parse(row(name)).data
    assert.equal(data.content, undefined)
    exactlyInAnyOrder(mended(name).data, { ...data, content: blocks })
    assert.equal(data.response_metadata.output_version, 'v1')
  })

  it('content_blocks beside content', () => {
    const { content_blocks: _, ...data } = JSON.parse(row('ai_v1_string_content')).data
    exactlyInAnyOrder(quietly(row('ai_v1_string_content')).data, data)
  })

  it('content_blocks without metadata says it is v1', () => {
    const text = '{"type":"human","data":{"content_blocks":[{"type":"text","text":"x"}],"response_metadata":null}}'
    exactlyInAnyOrder(decodeMessage(text).data, {
      content: [{ type: 'text', text: 'x' }],
      response_metadata: { output_version: 'v1' },
      additional_kwargs: {},
    })
    const v0 = '{"type":"human","data":{"content_blocks":[],"response_metadata":{"output_version":"v0"}}}'
    assert.equal(decodeMessage(v0).data.response_metadata?.output_version, 'v0')
  })

  it('escaped objects, whose inside is not escaped again', () => {
    exactly(mended('kwargs_lc_key').data.additional_kwargs, {
      o: { lc: 1, type: 'constructor', id: ['a', 'b'], kwargs: { q: 1 } },
      e: { __lc_escaped__: { lc: 1 } },
      constructor: 2,
      lc_kwargs: 3,
    })
    const { additional_kwargs: kwargs, response_metadata: metadata } = mended('kwargs_top_lc').data
    exactly([kwargs, metadata], [{ lc: 1 }, { lc: 2 }])
    exactly(mended('tool_args_lc').data.tool_calls, [{ name: 'f', args: { lc: 1, x: 2 }, id: 'c', type: 'tool_call' }])
  })

  it('no content is empty content', () => exactly(quietly(row('human_no_content')).data.content, ''))

  it('nulls of absent fields, and what is missing', () => {
    exactlyInAnyOrder(quietly('{"type":"ai","data":{"content":null,"name":null,"additional_kwargs":null}}').data, {
      content: '',
      additional_kwargs: {},
      response_metadata: {},
      tool_calls: [],
      invalid_tool_calls: [],
    })
  })

  it('an unknown type is a stored message as it is', () => {
    exactly(quietly('{"type":"custom","data":{"content":null,"type":"x"}}'), stored('custom', { content: null, type: 'x' }))
  })

  it('other names of a type', () => {
    assert.equal(quietly('{"type":"user","data":{"content":"x"}}').type, 'human')
    assert.equal(quietly('{"type":"assistant","data":{"content":"x"}}').type, 'ai')
    exactlyInAnyOrder(quietly('{"type":"developer","data":{"content":"x"}}'), {
      type: 'system',
      data: { content: 'x', additional_kwargs: { __openai_role__: 'developer' }, response_metadata: {} },
    })
  })

  it.each([
    ['tool', 'tool_call_id'],
    ['function', 'name'],
  ] as const)('a %s result without %s gets an empty one, and says so', (type, field) => {
    const warnings = warningsOf(onWarning => {
      assert.equal(decodeMessage(`{"type":"${type}","data":{"content":"x","${field}":null}}`, { onWarning }).data[field], '')
    })
    assert.match(warnings[0]?.message ?? '', new RegExp(`${type} without ${field}`))
  })
})

describe('calls in OpenAI’s own form', () => {
  const calls = [
    { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a": 1}' } },
    { id: 'c2', type: 'function', function: { name: 'g', arguments: '{' } },
    { id: 'c3', function: { name: 'h', arguments: '[1]' } },
    { id: 'c4', function: { name: 'i', arguments: 'null' } },
    { function: {} },
    { id: 'no function' },
    null,
  ]

  it('are parsed where tool_calls is absent', () => {
    const { data } = quietly(JSON.stringify({ type: 'ai', data: { content: '', additional_kwargs: { tool_calls: calls } } }))
    exactly(data.tool_calls, [
      { name: 'f', args: { a: 1 }, id: 'c1', type: 'tool_call' },
      { name: 'i', args: {}, id: 'c4', type: 'tool_call' },
    ])
    exactly(data.invalid_tool_calls, [
      { name: 'g', args: '{', id: 'c2', error: 'Malformed args.', type: 'invalid_tool_call' },
      { name: 'h', args: '[1]', id: 'c3', error: 'Malformed args.', type: 'invalid_tool_call' },
      { name: null, args: null, id: null, error: 'Malformed args.', type: 'invalid_tool_call' },
    ])
    exactly(data.additional_kwargs?.tool_calls, calls)
  })

  it('are left alone where it is there, though empty, and in rows of ours', () => {
    const data = { content: '', additional_kwargs: { tool_calls: calls }, tool_calls: [] }
    exactly(quietly(JSON.stringify({ type: 'ai', data })).data.tool_calls, [])
    exactly(quietly(JSON.stringify({ type: 'ai', data })).data.invalid_tool_calls, [])
    const own = stored('ai', { content: '', additional_kwargs: { tool_calls: calls } })
    exactly(quietly(encodeMessage(own)), own)
  })

  it('may be anything', () => {
    for (const raw of [5, 'x', {}, null, [[]]]) {
      const { data } = quietly(JSON.stringify({ type: 'ai', data: { content: '', additional_kwargs: { tool_calls: raw } } }))
      exactly([data.tool_calls, data.invalid_tool_calls], [[], []])
    }
  })
})

describe('the oldest form', () => {
  it('of the JavaScript DynamoDB class', () => {
    assert.equal(dynamodbRows().length, 22)
    for (const { text } of dynamodbRows()) {
      const { type, text: content, role, additional_kwargs: kwargs } = JSON.parse(text)
      const message = decodeMessage(text)
      assert.equal(message.type, type === 'generic' ? 'chat' : type)
      exactly(message.data.content, content)
      exactly(message.data.additional_kwargs, kwargs)
      if (type === 'generic') assert.equal(message.data.role, role)
    }
  })

  it('of old LangChain.js', () => {
    exactlyInAnyOrder(
      quietly('{"type":"human","text":"hi","role":null}'),
      stored('human', { content: 'hi', additional_kwargs: {}, response_metadata: {} }),
    )
    exactlyInAnyOrder(quietly('{"type":"custom","text":"hi"}'), stored('custom', { content: 'hi' }))
  })
})

describe('numbers that JSON.parse would round', () => {
  const row = (value: string) =>
    `{"type": "human", "data": {"content": "", "additional_kwargs": {"n": ${value}}, "response_metadata": {}, "type": "human"}}`
  const read = (value: string) => decodeMessage(row(value)).data.additional_kwargs?.n

  it('are bigints', () => {
    exactly(read('9007199254740993'), 9007199254740993n)
    exactly(read('-9007199254740992'), -9007199254740992n)
    exactly(read('[1, [123456789012345678901234567890]]'), [1, [123456789012345678901234567890n]])
    const message = decodeMessage(row('9007199254740993'))
    exactly(again(message), message)
    assert.equal(JSON.parse(encodeMessage(message)).data.additional_kwargs.n, '9007199254740993')
  })

  it('others stay numbers', () => {
    exactly(read('9007199254740991'), Number.MAX_SAFE_INTEGER)
    exactly(read('-9007199254740991'), Number.MIN_SAFE_INTEGER)
    exactly(read('[1e-07, 1e+22, -0.0, 1.0, 0.30000000000000004, 0.12345678901234567890, 1234567890123456789e2]'), [
      1e-7,
      1e22,
      -0,
      1,
      0.30000000000000004,
      Number('0.12345678901234567890'),
      Number('1234567890123456789e2'),
    ])
  })

  it('text is never taken for a number, nor a word for text', () => {
    const texts = ['NaN', '-Infinity', '9007199254740993', '"NaN"', '\\', '\\"NaN', 'a\\\\', '\n NaN, ', '[NaN, "]']
    for (const text of texts) {
      exactly(read(`[${JSON.stringify(text)}, NaN, {${JSON.stringify(text)}: -Infinity}, 9007199254740993]`), [
        text,
        Number.NaN,
        { [text]: Number.NEGATIVE_INFINITY },
        9007199254740993n,
      ])
    }
    assert.equal(Object.getPrototypeOf(read('{"__proto__": {"x": NaN}}')), Object.prototype)
  })

  it('rows of ours hold JavaScript’s numbers only', () => {
    const message = stored('human', { content: 'NaN', n: [2 ** 60, 1e20, -(2 ** 53)], s: '9007199254740993' })
    exactly(again(message), message)
    const edited = encodeMessage(message).replace('"type"', ' "type"')
    exactly(decodeMessage(edited), message)
  })

  it('of ten million characters is read', () => {
    const long = `${'x"\\'.repeat(1_000_000)}${'y'.repeat(7_000_000)}`
    exactly(read(`[${JSON.stringify(long)}, NaN]`), [long, Number.NaN])
  })
})
