import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { decodeMessage, encodeMessage, type StoredMessage } from '@hist/core'
import { describe, expect, test } from 'vitest'
import { elementOf, rowOf } from '../../src/list/attribute-value.js'

function human(kwargs: Record<string, unknown>): StoredMessage {
  return { type: 'human', data: { content: 'hi', additional_kwargs: kwargs } }
}

/** The attribute of `additional_kwargs`, and the message that is read again. */
function stored(message: StoredMessage) {
  const element = elementOf(encodeMessage(message, { maxDepth: 28 }))
  return { element, kwargs: element.M?.data?.M?.additional_kwargs?.M ?? {}, again: decodeMessage(rowOf(element)) }
}

function foreign(kwargs: Record<string, AttributeValue>): StoredMessage {
  const data = { type: { S: 'human' }, content: { S: 'hi' }, additional_kwargs: { M: kwargs } }
  return decodeMessage(rowOf({ M: { data: { M: data }, type: { S: 'human' } } }))
}

describe('a message as an attribute', () => {
  test("is Python's row and a third member", () => {
    const message: StoredMessage = {
      type: 'ai',
      data: { content: 'x', tool_calls: [], usage_metadata: { input_tokens: 1, output_tokens: 2, total_tokens: 3 } },
    }
    const { element, again } = stored(message)
    expect(element).toEqual({
      M: {
        type: { S: 'ai' },
        data: {
          M: {
            content: { S: 'x' },
            tool_calls: { L: [] },
            usage_metadata: { M: { input_tokens: { N: '1' }, output_tokens: { N: '2' }, total_tokens: { N: '3' } } },
          },
        },
        hist: { S: '{"v":1}' },
      },
    })
    expect(again).toEqual(message)
    expect(rowOf(element)).toBe(encodeMessage(message))
  })

  test('keeps numbers that DynamoDB has not', () => {
    const numbers = {
      large: 1e200,
      small: 5e-324,
      least: 1e-130,
      end: 1e126,
      most: 9.999e125,
      big: 1e21,
      negative: -1e300,
      zero: 0,
    }
    const { kwargs, again } = stored(human(numbers))
    expect(kwargs).toEqual({
      large: { NULL: true },
      small: { NULL: true },
      least: { N: '1e-130' },
      end: { NULL: true },
      most: { N: '9.999e+125' },
      big: { N: '1e+21' },
      negative: { NULL: true },
      zero: { N: '0' },
    })
    expect(again).toEqual(human(numbers))
  })

  test('keeps what JSON has not, and text that is not Unicode', () => {
    const values = {
      nan: Number.NaN,
      at: new Date(5),
      big: 2n ** 80n,
      bytes: new Uint8Array([1, 2]),
      text: 'a\ud800b',
      list: ['\udc00', 1e200],
    }
    const { kwargs, again } = stored(human(values))
    expect(kwargs.text).toEqual({ S: 'a\ufffdb' })
    expect(again).toEqual(human(values))
    const content: StoredMessage = { type: 'human', data: { content: { text: '\ud800', n: 1e300 } as unknown as string } }
    expect(stored(content).again).toEqual(content)
  })

  test('keeps any name', () => {
    const names = JSON.parse('{"__proto__":{"polluted":[1e200]},"":1,"\\ud800":{"x":1},"constructor":"c","hist":{"v":2},"S":1}')
    const { kwargs, again } = stored(human({ deep: names }))
    expect(Object.keys(kwargs.deep?.M ?? {})).toEqual(['__proto__', 'constructor', 'hist', 'S'])
    expect(JSON.stringify(again)).toContain('"__proto__":{"polluted":[1e+200]}')
    expect(again).toEqual(human({ deep: names }))
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test('is never nested deeper than the server takes, whatever form Python needs', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 'end' : [nested(levels - 1)])
    for (const message of [
      { type: 'human', data: { content: [nested(27)] } },
      { type: 'human', data: { content: [[{ x: nested(25) }]] } },
      { type: 'human', data: { content: 'x', deep: nested(28) } },
    ] as StoredMessage[]) {
      const { element, again } = stored(message)
      expect(levels(element) + 1).toBeLessThanOrEqual(31)
      expect(again).toEqual(message)
    }
    expect(() => stored(human({ deep: nested(28) }))).toThrow(/deeper than 28/)
  })
})

function levels(value: AttributeValue): number {
  const inside = value.L ?? (value.M && Object.values(value.M))
  return inside === undefined ? 0 : 1 + Math.max(0, ...inside.map(levels))
}

describe('a row of others', () => {
  test('numbers as they are spelled', () => {
    const digits = {
      a: '1E+20',
      b: '0.0',
      c: '2.0',
      d: '1E-7',
      e: '9007199254740993',
      f: '-0.5',
      g: '1000000000000000000000000000000',
      h: '.5',
      i: '007',
    }
    const numbers = Object.fromEntries(Object.entries(digits).map(([name, N]) => [name, { N }]))
    expect(foreign(numbers).data.additional_kwargs).toEqual({
      a: 1e20,
      b: 0,
      c: 2,
      d: 1e-7,
      e: 9007199254740993n,
      f: -0.5,
      g: 10n ** 30n,
      h: 0.5,
      i: 7,
    })
  })

  test('every type', () => {
    const kwargs = foreign({
      bytes: { B: new Uint8Array([0, 255]) },
      texts: { SS: ['b', 'a"'] },
      numbers: { NS: ['3', '1E+20', '9007199254740993'] },
      blobs: { BS: [new Uint8Array([1]), new Uint8Array()] },
      list: { L: [{ BOOL: false }, { NULL: true }, { M: {} }, { L: [] }] },
    }).data.additional_kwargs
    expect(kwargs).toEqual({
      bytes: 'AP8=',
      texts: ['b', 'a"'],
      numbers: [3, 1e20, 9007199254740993n],
      blobs: ['AQ==', ''],
      list: [false, null, {}, []],
    })
  })

  test('an unknown type, and what is no message, cannot be read', () => {
    expect(() => foreign({ x: { $unknown: ['Z', 1] } as AttributeValue })).toThrow(
      expect.objectContaining({ code: 'CORRUPT_ENTRY' }),
    )
    for (const element of [
      { S: 'text' },
      { M: {} },
      { M: { type: { N: '1' }, data: { M: {} } } },
      { M: { type: { S: 'human' } } },
    ] as AttributeValue[])
      expect(() => decodeMessage(rowOf(element))).toThrow(expect.objectContaining({ code: 'CORRUPT_ENTRY' }))
  })

  test('a third member of somebody else is not taken for ours', () => {
    const element = (hist: AttributeValue) => ({ M: { type: { S: 'human' }, data: { M: { content: { S: 'x' } } }, hist } })
    expect(decodeMessage(rowOf(element({ S: 'not JSON' }))).data.content).toBe('x')
    expect(decodeMessage(rowOf(element({ M: { v: { N: '1' } } }))).data).toEqual({ content: 'x' })
  })
})
