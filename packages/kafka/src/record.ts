import type { AppendId, EncodedBatch } from '@hist/core'
import { millisecondsOf } from '@hist/core/backend'
import type { Message } from 'kafkajs'
import type { FetchedRecord } from './client.js'

/*
 * A record is a message: the value its JSON text, as Python's class writes it, the key null. Headers, which Python ignores:
 *
 *   hist-id       <append id>:<index>, the message's place in its append
 *   hist-ttl      time of expiry in milliseconds since 1970, if messages expire
 *   hist-session  the session id, on the first record of a batch, where the topic's name is only its hash
 *   hist-op       reserved: what it is on is no message
 */
const ID = 'hist-id'
const TTL = 'hist-ttl'
const SESSION = 'hist-session'
const OPERATION = 'hist-op'

/** A record with its place in the partition. */
export interface LogRecord {
  readonly offset: bigint
  /** Milliseconds since 1970. */
  readonly timestamp: number
  /** Undefined for Python's records. */
  readonly id: RecordId | undefined
  /** Undefined for what is not a message, has expired, or was aborted. */
  readonly body: string | undefined
}

/** Names a message, wherever copies of it are. */
export interface RecordId {
  readonly append: AppendId
  readonly index: number
}

export interface RecordSettings {
  readonly ttlMs: number | undefined
  /** Only if the topic's name does not tell it. */
  readonly session: string | undefined
}

/** Everything in them derives from the batch, so that a repeat writes the same. */
export function recordsOf({ id, firstIndex, bodies }: EncodedBatch, { ttlMs, session }: RecordSettings): Message[] {
  const milliseconds = millisecondsOf(id)
  const expiry = ttlMs === undefined ? {} : { [TTL]: String(milliseconds + ttlMs) }
  const named = session === undefined ? {} : { [SESSION]: session }
  return bodies.map((body, index) => ({
    key: null,
    value: body,
    timestamp: String(milliseconds),
    headers: { [ID]: keyOf({ append: id, index: firstIndex + index }), ...expiry, ...(index === 0 ? named : {}) },
  }))
}

/** As it stands in the header. */
export function keyOf({ append, index }: RecordId): string {
  return `${append}:${index}`
}

const RECORD_ID = /^(\d{18}-[0-9a-f]{16}):(\d{1,5})$/

export function recordIdOf({ headers }: FetchedRecord): RecordId | undefined {
  const [, append, index] = RECORD_ID.exec(textOf(headers?.[ID]) ?? '') ?? []
  return append === undefined ? undefined : { append, index: Number(index) }
}

/** @param nowMs by which messages expire */
export function logRecordOf(record: FetchedRecord, isAborted: boolean, nowMs: number): LogRecord {
  const { value, headers, isControlRecord } = record
  const expiresAt = textOf(headers?.[TTL])
  const isHidden =
    isControlRecord || isAborted || headers?.[OPERATION] !== undefined || Number(expiresAt ?? Number.POSITIVE_INFINITY) <= nowMs
  return {
    offset: BigInt(record.offset),
    timestamp: Number(record.timestamp),
    id: isControlRecord || isAborted ? undefined : recordIdOf(record),
    body: isHidden || value === null ? undefined : value.toString(),
  }
}

/** The session that a record of a topic with a hashed name belongs to. */
export function sessionInRecord({ headers }: FetchedRecord): string | undefined {
  return textOf(headers?.[SESSION])
}

function textOf(header: NonNullable<FetchedRecord['headers']>[string]): string | undefined {
  const value = Array.isArray(header) ? header[0] : header
  return value === undefined ? undefined : String(value)
}
