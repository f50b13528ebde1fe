import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, it } from 'vitest'
import { encodeMessage } from '../../src/codec.js'
import { again, anyMessage, exactlyInAnyOrder, type Fields, stored } from './values.js'

const TOTALS = { input_tokens: 1, output_tokens: 2, total_tokens: 3 }
const CALL = { name: 'f', args: {}, id: 'c', type: 'tool_call' }
const INVALID = { name: 'f', args: '{', id: 'c', error: 'e', type: 'invalid_tool_call' }

/** `data` as given, what Python sees of the fields in question, and the kinds of the fixes. */
type Case = [type: string, data: Fields, seen: Fields, kinds: string[]]

// All were given to messages_from_dict of langchain-core 1.8.1: as they stand, nearly all raise; in the form on the right, none does.
const REFUSED: Case[] = [
  ['human', {}, { content: [] }, ['del']],
  ['human', { content: null }, { content: [] }, ['put']],
  ['human', { content: 5 }, { content: '5' }, ['put']],
  ['human', { content: { type: 'text', text: 'x' } }, { content: [{ type: 'text', text: 'x' }] }, ['put']],
  ['human', { content: ['a', null, ['b']] }, { content: ['a', nonStandard(null), nonStandard(['b'])] }, ['put']],
  ['human', { content: '', additional_kwargs: null }, { additional_kwargs: {} }, ['put']],
  [
    'human',
    { content: '', additional_kwargs: 'x', response_metadata: [] },
    { additional_kwargs: {}, response_metadata: {} },
    ['put', 'put'],
  ],
  ['human', { content: '', content_blocks: [{ type: 'text', text: 'x' }] }, { content_blocks: undefined }, ['put']],
  ['human', { content: '', id: true }, { id: 'true' }, ['put']],
  ['human', { content: '', id: {}, name: [] }, { id: null, name: null }, ['put', 'put']],
  ['human', { content: '', name: 5 }, { name: '5' }, ['put']],
  ['human', { content: '', type: 'ai' }, { type: undefined }, ['put']],
  ['human', { content: '', self: 1 }, { self: undefined }, ['put']],
  ['function', { content: '' }, { name: '' }, ['del']],
  ['function', { content: '', name: null }, { name: '' }, ['put']],
  ['chat', { content: '' }, { role: '' }, ['del']],
  ['chat', { content: '', role: 7 }, { role: '7' }, ['put']],
  ['tool', { content: '' }, { tool_call_id: '' }, ['del']],
  ['tool', { content: '', tool_call_id: null }, { tool_call_id: '' }, ['put']],
  ['tool', { content: '', tool_call_id: 'c', status: null }, { status: undefined }, ['put']],
  ['tool', { content: '', tool_call_id: 'c', status: 'done' }, { status: undefined }, ['put']],
  ['ai', { content: '', tool_calls: [{ name: 'f', args: {} }] }, { tool_calls: [{ name: 'f', args: {}, id: null }] }, ['put']],
  ['ai', { content: '', invalid_tool_calls: [{ args: '{' }] }, { invalid_tool_calls: [{ args: '{', id: null }] }, ['put']],
  ['ai', { content: '', tool_call_chunks: [{ index: 0 }] }, { tool_call_chunks: undefined }, ['put']],
  ['ai', { content: '', tool_calls: [{ id: 5 }] }, { tool_calls: [{ name: '', args: {}, id: '5' }] }, ['put']],
  ['ai', { content: '', tool_calls: null }, { tool_calls: [] }, ['put']],
  [
    'ai',
    { content: '', tool_calls: [null, 'x'] },
    {
      tool_calls: [
        { name: '', args: {}, id: null },
        { name: '', args: {}, id: null },
      ],
    },
    ['put'],
  ],
  [
    'ai',
    { content: '', tool_calls: [{ ...CALL, args: '{"a":1}' }] },
    { tool_calls: [{ ...CALL, args: { input: '{"a":1}' } }] },
    ['put'],
  ],
  [
    'ai',
    { content: '', tool_calls: [{ ...CALL, args: null, name: null }] },
    { tool_calls: [{ ...CALL, args: {}, name: '' }] },
    ['put'],
  ],
  ['ai', { content: '', tool_calls: [{ ...CALL, index: 0 }] }, { tool_calls: [CALL] }, ['put']],
  [
    'ai',
    { content: '', invalid_tool_calls: [{ ...INVALID, args: { a: 1 }, name: 1, error: {} }] },
    { invalid_tool_calls: [{ ...INVALID, args: '{"a":1}', name: '1', error: null }] },
    ['put'],
  ],
  ['ai', { content: '', tool_call_chunks: [{ ...CALL, isCustomTool: true }] }, { tool_call_chunks: undefined }, ['put']],
  ['ai', { content: '', usage_metadata: 5 }, { usage_metadata: null }, ['put']],
  [
    'ai',
    { content: '', usage_metadata: {} },
    { usage_metadata: { input_tokens: 0, output_tokens: 0, total_tokens: 0 } },
    ['put'],
  ],
  [
    'ai',
    { content: '', usage_metadata: { ...TOTALS, input_tokens: 1.5, total_tokens: null } },
    { usage_metadata: { ...TOTALS, total_tokens: 0 } },
    ['put'],
  ],
  [
    'ai',
    { content: '', usage_metadata: { ...TOTALS, total_tokens: 1e21 } },
    { usage_metadata: { ...TOTALS, total_tokens: 0 } },
    ['put'],
  ],
  ['ai', { content: '', usage_metadata: { ...TOTALS, input_token_details: null } }, { usage_metadata: TOTALS }, ['put']],
  [
    'ai',
    { content: '', usage_metadata: { ...TOTALS, output_token_details: { reasoning: null, own: 'x' } } },
    { usage_metadata: { ...TOTALS, output_token_details: {} } },
    ['put'],
  ],
  [
    'ai',
    { content: '', usage_metadata: { ...TOTALS, input_token_details: { cache_read: undefined, audio: 1 } } },
    { usage_metadata: { ...TOTALS, input_token_details: { audio: 1 } } },
    ['put', 'undef'],
  ],
  [
    'ai',
    { content: '', usage_metadata: { ...TOTALS, total_tokens: Number.NaN } },
    { usage_metadata: { ...TOTALS, total_tokens: 0 } },
    ['put', 'num'],
  ],
  ['human', { content: [new Date(0)] }, { content: ['1970-01-01T00:00:00.000Z'] }, ['date']],
  [
    'human',
    { content: [undefined, new Map([[1, Number.NaN]])] },
    { content: [nonStandard(null), nonStandard([[1, null]])] },
    ['put', 'undef', 'map', 'num'],
  ],
  [
    'tool',
    { content: '', tool_call_id: undefined, status: undefined },
    { tool_call_id: '', status: undefined },
    ['put', 'put', 'undef', 'undef'],
  ],
]

function nonStandard(value: unknown): Fields {
  return { type: 'non_standard', value }
}

describe('what Python refuses is written in a form that it takes, and comes back', () => {
  it.each(REFUSED)('%s %j', (type, data, seen, kinds) => {
    const message = stored(type, data)
    const row = JSON.parse(encodeMessage(message))
    for (const [field, value] of Object.entries(seen)) assert.deepEqual(row.data[field], value)
    assert.deepEqual((row.hist.f as [unknown, string][]).map(fix => fix[1]).sort(), [...kinds].sort())
    exactlyInAnyOrder(again(message), message)
  })
})

describe('what Python takes is written as it is', () => {
  const taken: [string, Fields][] = [
    [
      'human',
      { content: ['a', { type: 'text' }, {}], id: null, name: null, tool_calls: null, usage_metadata: 5, role: 1, extra: null },
    ],
    [
      'ai',
      {
        content: '',
        tool_calls: [CALL, { ...CALL, id: null }],
        invalid_tool_calls: [INVALID, { ...INVALID, name: null, args: null, error: null }],
      },
    ],
    [
      'ai',
      {
        content: '',
        usage_metadata: null,
        additional_kwargs: { tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{}' } }, null, {}] },
      },
    ],
    ['ai', { content: '', usage_metadata: { ...TOTALS, input_token_details: { audio: 0, own: 1 }, own: {} } }],
    ['tool', { content: '', tool_call_id: 'c', status: 'error', artifact: null, metadata: 5 }],
    ['ai', { content: '', tool_calls: [{ name: 'f', args: {}, id: 'c' }], tool_call_chunks: [] }],
    ['custom', { content: null, tool_calls: 5, type: 1 }],
  ]
  it.each(taken)('%s %j', (type, data) => {
    assert.equal(encodeMessage(stored(type, data)), `{"type":"${type}","data":${JSON.stringify(data)},"hist":{"v":1}}`)
  })
})

it('any message is written in that form', () => {
  fc.assert(
    fc.property(anyMessage, message => {
      const { type, data } = JSON.parse(encodeMessage(message))
      if (type === 'custom') return
      assert.ok(
        typeof data.content === 'string' || data.content.every((part: unknown) => typeof part === 'string' || isDictionary(part)),
      )
      for (const key of ['additional_kwargs', 'response_metadata']) assert.ok(data[key] === undefined || isDictionary(data[key]))
      for (const key of ['id', 'name']) assert.ok(data[key] == null || typeof data[key] === 'string')
      assert.ok(!('type' in data) && !('self' in data) && !('content_blocks' in data))
      if (type === 'tool')
        assert.ok(typeof data.tool_call_id === 'string' && [undefined, 'success', 'error'].includes(data.status))
      if (type === 'function') assert.equal(typeof data.name, 'string')
      if (type === 'chat') assert.equal(typeof data.role, 'string')
      if (type !== 'ai') return
      for (const call of data.tool_calls ?? []) {
        assert.ok(Object.keys(call).every(key => key in CALL))
        assert.ok(typeof call.name === 'string' && isDictionary(call.args) && (call.id === null || typeof call.id === 'string'))
      }
      for (const call of data.invalid_tool_calls ?? []) assert.ok('id' in call && !isDictionary(call.args))
      assert.ok(!data.tool_call_chunks?.length)
      if (data.usage_metadata != null)
        for (const key of Object.keys(TOTALS)) assert.ok(Number.isSafeInteger(data.usage_metadata[key]))
    }),
    { numRuns: 1000 },
  )
})

function isDictionary(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
