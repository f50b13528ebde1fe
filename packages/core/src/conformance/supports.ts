import assert from 'node:assert/strict'
import { type BackendSupports, isSessionLister } from '@hist/core'
import type { ConformanceSetup } from './lab.js'
import type { Section } from './suite.js'

/** Everything that a test may leave out. */
export const LEFT_OUT = {
  durability: 'reading after every client was closed',
  wholeAppends: 'appends of several messages seen as a whole',
  pieces: 'pieces of one append',
  wholeClears: 'a clear seen as a whole',
  lateRepeats: 'a repeat a day later',
  largestMessage: 'a message beyond maxMessageBytes',
  fullSession: 'a session beyond maxSessionBytes',
  longSession: 'a session as long as asked for (a shorter one was used)',
  listing: 'listing sessions',
  expiry: 'expiry',
  messageExpiry: 'expiry of each message by itself',
  sessionExpiry: 'expiry of the session as a whole',
  raw: 'the stored records',
} as const

/** Bytes of one message of the long session, with room for what a layout adds. */
const LONG_SESSION_MESSAGE_BYTES = 250
/** A test can build a message this large. */
const LARGEST_TESTED_BYTES = 64 * 1_024 * 1_024

export function longSessionSize(supports: BackendSupports, asked: number): number {
  return Math.min(asked, Math.floor(supports.maxSessionBytes / LONG_SESSION_MESSAGE_BYTES))
}

export function buildable(bytes: number): boolean {
  return bytes <= LARGEST_TESTED_BYTES
}

/** What `supports` leaves out, and which of its members does so. */
export function impliedBySupports(
  supports: BackendSupports,
  database: ConformanceSetup,
  longSession: number,
): Map<string, string> {
  const { atomicAppend, ttl } = supports
  const implied: [boolean, string, string][] = [
    [!supports.durable, LEFT_OUT.durability, 'durable: false'],
    [atomicAppend.messages === 1, LEFT_OUT.wholeAppends, 'atomicAppend.messages: 1'],
    [isUnlimited(atomicAppend), LEFT_OUT.pieces, 'atomicAppend: Infinity'],
    [supports.clear === 'gradual', LEFT_OUT.wholeClears, "clear: 'gradual'"],
    [supports.idempotency !== 'always', LEFT_OUT.lateRepeats, 'idempotency.forSeconds'],
    [!buildable(supports.maxMessageBytes), LEFT_OUT.largestMessage, `maxMessageBytes: ${supports.maxMessageBytes}`],
    [!buildable(supports.maxSessionBytes), LEFT_OUT.fullSession, `maxSessionBytes: ${supports.maxSessionBytes}`],
    [longSessionSize(supports, longSession) < longSession, LEFT_OUT.longSession, `maxSessionBytes: ${supports.maxSessionBytes}`],
    [!supports.sessions, LEFT_OUT.listing, 'sessions: false'],
    [ttl === false, LEFT_OUT.expiry, 'ttl: false'],
    [ttl === 'session', LEFT_OUT.messageExpiry, "ttl: 'session'"],
    [ttl === 'message', LEFT_OUT.sessionExpiry, "ttl: 'message'"],
    [database.raw === undefined, LEFT_OUT.raw, 'setup gives no raw()'],
  ]
  return new Map(implied.filter(([leftOut]) => leftOut).map(([, item, why]) => [item, why]))
}

export function isUnlimited({ messages, bytes }: BackendSupports['atomicAppend']): boolean {
  return messages === Number.POSITIVE_INFINITY && bytes === Number.POSITIVE_INFINITY
}

export const declaring: Section = suite => {
  suite.test('supports names every ability, with a value in range', async ({ supports }) => {
    const abilities = 'atomicAppend clear durable idempotency maxDepth maxMessageBytes maxSessionBytes sessions ttl'.split(' ')
    const undeclared = abilities.filter(ability => !(ability in supports))
    assert.deepEqual(undeclared, [])
    assert.equal(typeof supports.durable, 'boolean', 'durable')
    assert.equal(typeof supports.sessions, 'boolean', 'sessions')
    assert.ok(isCount(supports.atomicAppend.messages, 1), 'atomicAppend.messages: a whole number or Infinity')
    assert.ok(isCount(supports.atomicAppend.bytes, 1), 'atomicAppend.bytes: a whole number or Infinity')
    assert.ok(supports.idempotency === 'always' || isCount(supports.idempotency.forSeconds, 1), 'idempotency')
    assert.ok(['message', 'session', false].includes(supports.ttl), 'ttl')
    assert.ok(['atomic', 'gradual'].includes(supports.clear), 'clear')
    assert.ok(isCount(supports.maxMessageBytes, 1_024), 'maxMessageBytes: a message of 1 KiB at least')
    assert.ok(isCount(supports.maxSessionBytes, supports.maxMessageBytes), 'maxSessionBytes: one largest message at least')
    assert.ok(Number.isSafeInteger(supports.maxDepth) && supports.maxDepth >= 10, 'maxDepth: a whole number from 10')
  })

  suite.test('supports is the same for every client, and plain data', async lab => {
    assert.deepEqual(lab.client().supports, lab.supports)
    assert.deepEqual(structuredClone(lab.supports), lab.supports)
  })

  suite.test('name and layout are short plain text, timeouts whole milliseconds', async ({ setup: { home } }) => {
    assert.match(home.name, /^[a-z][a-z0-9-]{0,31}$/)
    if (home.layout !== undefined) assert.match(home.layout, /^[a-z][a-z0-9-]{0,31}$/)
    for (const ms of Object.values(home.timeouts ?? {})) assert.ok(Number.isSafeInteger(ms) && ms >= 1 && ms <= 2_147_483_647)
  })

  suite.test('supports.sessions is true exactly if the backend can list sessions', async ({ setup: { home } }) => {
    assert.equal(isSessionLister(home), home.supports.sessions)
  })
}

function isCount(value: number, min: number): boolean {
  return value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && value >= min)
}
