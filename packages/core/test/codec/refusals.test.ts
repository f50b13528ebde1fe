import assert from 'node:assert/strict'
import { describe, it } from 'vitest'
import { decodeMessage, encodeMessage } from '../../src/codec.js'
import { isArgumentError } from '../../src/errors.js'
import type { StoredMessage } from '../../src/message.js'
import { again, exactly, human, stored, warningsOf } from './values.js'

function refused(message: unknown, text: RegExp, options = {}): void {
  assert.throws(
    () => encodeMessage(message as StoredMessage, options),
    error => isArgumentError(error) && error instanceof TypeError && text.test(error.message) && error.message.length < 400,
  )
}

function nested(levels: number, list = false): unknown {
  let value: unknown = list ? [] : {}
  for (let level = 1; level < levels; level++) value = list ? [value] : { o: value }
  return value
}

describe('what is not a stored message', () => {
  it.each([
    [undefined, /^message: expected \{ type, data \}/],
    [null, /^message: expected \{ type, data \}/],
    ['human', /^message: expected \{ type, data \}/],
    [[], /^message: expected \{ type, data \}/],
    [{}, /^message: expected \{ type, data \}/],
    [{ type: 5, data: {} }, /^message: expected \{ type, data \}/],
    [{ type: 'human' }, /^message: expected \{ type, data \}/],
    [{ type: 'human', data: null }, /^message: expected \{ type, data \}/],
    [{ type: 'human', data: 'hi' }, /^message: expected \{ type, data \}/],
    [{ type: 'human', data: ['hi'] }, /^message: expected \{ type, data \}/],
    [{ type: 'human', data: new Date() }, /^message: expected \{ type, data \}/],
    [{ type: 'remove', data: { id: 'h1' } }, /^message: expected .*"remove"/],
    [{ type: 'human', data: {}, hist: null }, /^message: hist/],
    [{ type: 'human', data: {}, hist: 'x' }, /^message: hist/],
    [{ type: 'human', data: {}, hist: [] }, /^message: hist/],
    [{ type: 'human', data: {}, hist: { op: 'clear' } }, /^message: hist/],
    [{ type: 'human', data: {}, hist: { mine: 1n } }, /^message: hist/],
  ])('%o', (message, text) => refused(message, text))

  it('a LangChain message: the text names toStoredMessage', () => {
    refused({ _getType: () => 'human', content: 'x' }, /toStoredMessage/)
    class Message {
      _getType() {
        return 'human'
      }
    }
    refused(human({ list: [new Message()] }), /^message\.additional_kwargs\.list\.0: .*toStoredMessage/)
  })

  it('a getter or toJSON that throws, by its path', () => {
    const secret = () => {
      throw new Error('secret')
    }
    refused(
      human({
        a: [
          {
            get b() {
              return secret()
            },
          },
        ],
      }),
      /^message\.additional_kwargs\.a\.0\.b: cannot be read(?!.*secret)/,
    )
    refused(
      human({
        a: new (class {
          toJSON() {
            return secret()
          }
        })(),
      }),
      /^message\.additional_kwargs\.a: cannot be read/,
    )
    refused(human({ a: new Proxy({}, { ownKeys: secret }) }), /^message\.additional_kwargs\.a: cannot be read/)
    refused(
      stored('developer', {
        get content() {
          return secret()
        },
      }),
      /^message.*: cannot be read/,
    )
    refused(
      {
        get type() {
          return secret()
        },
        data: {},
      },
      /^message: cannot be read/,
    )
  })

  it('anything nested, for a maxDepth that is not a number of levels', () => {
    refused(human({}), /deeper than NaN/, { maxDepth: Number.NaN })
    refused(human({}), /deeper than -1/, { maxDepth: -1 })
  })
})

describe('cycles', () => {
  const ring: Record<string, unknown> = { a: 1 }
  ring.self = ring
  const list: unknown[] = []
  list.push({ list })
  const map = new Map<string, unknown>()
  map.set('k', { map })
  class Loop {
    toJSON() {
      return [this]
    }
  }
  it.each([
    ['object', ring, /^message\.additional_kwargs\.x\.self: a cycle/],
    ['list', list, /^message\.additional_kwargs\.x\.0\.list: a cycle/],
    ['map', map, /^message\.additional_kwargs\.x\.0\.1\.map: a cycle/],
    ['toJSON', new Loop(), /^message\.additional_kwargs\.x\.0: a cycle/],
  ])('%s', (_name, x, text) => refused(human({ x }), text))

  it('many ways round', () => {
    const maze: Record<string, unknown> = {}
    for (let key = 0; key < 20; key++) maze[key] = maze
    refused(human({ maze }), /a cycle/)
  })

  it('not the same object twice', () => {
    const shared = { a: { b: new Date(0) } }
    exactly(again(human([shared, shared])).data.additional_kwargs, [shared, shared])
  })
})

describe('depth', () => {
  it('500 levels below data by default', () => {
    for (const list of [false, true]) {
      const message = stored('human', { content: '', x: nested(500, list) })
      exactly(again(message), message)
      refused(stored('human', { content: '', x: nested(501, list) }), /^message\.x\..*: nested deeper than 500 levels/)
    }
  })

  it('as the caller says, also where a fix is needed', () => {
    for (const content of ['', new Date(0)]) {
      const options = { maxDepth: 28 }
      exactly(again(stored('human', { content, x: nested(28) }), options), stored('human', { content, x: nested(28) }))
      refused(stored('human', { content, x: nested(29) }), /nested deeper than 28 levels/, options)
    }
    assert.ok(encodeMessage(stored('human', { content: '' }), { maxDepth: 0 }))
    refused(stored('human', { content: [] }), /^message\.content: nested deeper than 0 levels/, { maxDepth: 0 })
  })

  it('a value at the deepest level is not a level', () => {
    const message = stored('human', { content: '', x: { when: new Date(0), n: Number.NaN } })
    exactly(again(message, { maxDepth: 1 }), message)
  })

  it('of Maps, Sets and Errors counts as of their JSON', () => {
    refused(stored('human', { content: '', x: new Map([[1, 2]]) }), /nested deeper than 1 /, { maxDepth: 1 })
    exactly(again(stored('human', { content: '', x: new Map([[1, 2]]) }), { maxDepth: 2 }).data.x, new Map([[1, 2]]))
    refused(stored('human', { content: '', x: new Set([new Error('')]) }), /nested deeper than 1 /, { maxDepth: 1 })
  })

  it('over 990 levels counts as 990, and never overflows the stack', () => {
    for (const maxDepth of [500, 990, 1e9, Number.POSITIVE_INFINITY]) {
      for (const levels of [2_000, 200_000]) {
        refused(human(nested(levels)), /nested deeper than (500|990) levels/, { maxDepth })
        refused(human(nested(levels, true)), /nested deeper than (500|990) levels/, { maxDepth })
      }
    }
    const deepest = stored('human', { content: '', u: undefined, x: nested(990) })
    const text = encodeMessage(deepest, { maxDepth: 5_000 })
    assert.equal(encodeMessage(decodeMessage(text), { maxDepth: 5_000 }), text)
  })
})

it('warns of nothing when it refuses', () => {
  const warnings = warningsOf(onWarning => assert.throws(() => encodeMessage(human({ f() {}, x: nested(600) }), { onWarning })))
  assert.deepEqual(warnings, [])
})
