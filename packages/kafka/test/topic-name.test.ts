import { describe, expect, test } from 'vitest'
import { randomFrom } from '../../core/test/numbers.js'
import { sessionOf, topicNameOf } from '../src/topic-name.js'

const prefixes = ['', 'chat-', 'a.b_c', '.', '_x', 'p'.repeat(181)]
const isLegal = (name: string) => /^[A-Za-z0-9._-]{1,249}$/.test(name) && !/^(\.{1,2}$|__)/.test(name)

const next = randomFrom(20_240_607)
const below = (limit: number) => Math.floor(next() * limit)

/** Of any Unicode, or of what the encoding itself is made of. */
function randomId(): string {
  const alphabet =
    below(2) === 0 ? undefined : ['h', 'x', 'd', '-', '--', 'hx--', 'hd--', '.', '_', '__', '2', 'f', 'F', 'é', '/', '\uFEFF']
  const length = below(20) === 0 ? 1 + below(300) : 1 + below(8)
  return Array.from({ length }, () => alphabet?.[below(alphabet.length)] ?? randomCharacter()).join('')
}

function randomCharacter(): string {
  const point = below([0x80, 0x800, 0x10000, 0x110000][below(4)] ?? 0x80)
  // Half of a pair is no character; core refuses such ids.
  return point >= 0xd800 && point <= 0xdfff ? '\u{10FFFF}' : String.fromCodePoint(point)
}

describe('names of topics', () => {
  test('are legal, never shared, and lead back to the session', () => {
    for (const prefix of prefixes) {
      const sessions = new Map<string, string>()
      for (let count = 0; count < 3_000; count++) {
        const id = randomId()
        const { name, hashed } = topicNameOf(prefix, id)
        if (!isLegal(name)) expect.fail(`${JSON.stringify(id)} → ${name}`)
        if ((sessions.get(name) ?? id) !== id) expect.fail(`${JSON.stringify([sessions.get(name), id])} → ${name}`)
        sessions.set(name, id)
        const back = sessionOf(prefix, name)
        if (back !== (hashed ? undefined : id)) expect.fail(`${JSON.stringify(id)} → ${name} → ${JSON.stringify(back)}`)
      }
    }
  })

  test.each([
    ['user-42', 'user-42'],
    ['a.b_c-D', 'a.b_c-D'],
    ['_a', '_a'],
    ['...', '...'],
    ['.a', '.a'],
    ['hx-', 'hx-'],
    ['Hx--a', 'Hx--a'],
    ['user:123/chat 7', 'hx--user-3a123-2fchat-207'],
    ['.', 'hx---2e'],
    ['..', 'hx---2e-2e'],
    ['__consumer_offsets', 'hx---5f-5fconsumer-5foffsets'],
    ['hx--a', 'hx--hx-2d-2da'],
    ['hd--a', 'hx--hd-2d-2da'],
    ['é', 'hx---c3-a9'],
    ['\uFEFFa', 'hx---ef-bb-bfa'],
    ['😀', 'hx---f0-9f-98-80'],
    ['a\n', 'hx--a-0a'],
    ['\0', 'hx---00'],
  ])('%j → %s, whatever the prefix', (id, name) => {
    expect(topicNameOf('', id)).toEqual({ name, hashed: false })
    expect(topicNameOf('chat.', id)).toEqual({ name: `chat.${name}`, hashed: false })
    expect(sessionOf('', name)).toBe(id)
    expect(sessionOf('chat.', `chat.${name}`)).toBe(id)
  })

  test('have up to 249 characters; longer ones are hashed', () => {
    const longest = 'a'.repeat(249)
    // printf 'aaa…' (250) | sha256sum
    const hash = '3f3e35e0a775d9b1d5ec2eccca06381c41efedeb59d5ac5491ebe9696cb0887b'
    expect(topicNameOf('', longest)).toEqual({ name: longest, hashed: false })
    expect(topicNameOf('', `${longest}a`)).toEqual({ name: expect.stringMatching(/^hd--[0-9a-f]{64}$/), hashed: true })
    expect(topicNameOf('', `${longest}a`).name).toBe(`hd--${hash}`)
    expect(topicNameOf('p', longest)).toMatchObject({ hashed: true })
    expect(topicNameOf('p'.repeat(181), longest).name).toHaveLength(249)
    // Three characters each.
    expect(topicNameOf('', ':'.repeat(81))).toMatchObject({ hashed: false })
    expect(topicNameOf('', ':'.repeat(82))).toMatchObject({ hashed: true })
  })

  test.each([
    ['', 'hd--3f3e35e0a775d9b1d5ec2eccca06381c41efedeb59d5ac5491ebe9696cb0887b'],
    ['', '__consumer_offsets'],
    ['', 'hx--abc'],
    ['', 'hx--a-3A'],
    ['', 'hx--a-3'],
    ['', 'hx--a-zz'],
    ['', 'hx--a_b-3a'],
    ['', 'hx---ff'],
    ['', 'hx---c0-ba'],
    ['', 'hx---ed-a0-80'],
    ['', 'hx--'],
    ['', ''],
    ['chat-', 'chat-'],
    ['chat-', 'orders'],
    ['chat-', 'Chat-a'],
    ['chat-', 'chat-__a'],
  ])('with prefix %j, %j is no session', (prefix, name) => {
    expect(sessionOf(prefix, name)).toBeUndefined()
  })
})
