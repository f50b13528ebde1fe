import { argumentError } from '@hist/core'
import {
  checkOptions,
  duration,
  flag,
  having,
  integer,
  type OptionCheck,
  type OptionChecks,
  oneOf,
  refuseBeside,
  storeChecks,
} from '@hist/core/backend'
import type { RocksetOptions } from './options.js'

const OWNER = '@hist/rockset'

/** What to use instead of the names of other classes. */
const HINTS: Readonly<Record<string, string>> = {
  sessionId: 'a store has many sessions: store.session(sessionId)',
  session_id: 'the name here is sessionId',
  messages_key: 'the name here is messagesKey',
  message_uuid_method: 'the name here is messageUuidMethod',
  SLEEP_INTERVAL_MS: 'the name here is sleepIntervalMs',
  ADD_TIMEOUT_MS: 'the name here is addTimeoutMs',
  CREATE_TIMEOUT_MS: 'the name here is createTimeoutMs',
  collectionName: 'the name here is collection',
  collection_name: 'the name here is collection',
  workspaceName: 'the name here is workspace',
  api_key: 'the name here is apiKey',
  apikey: 'the name here is apiKey',
  api_server: 'the name here is apiServer',
  host: 'the name here is apiServer',
  url: 'the name here is apiServer',
  retention_secs: 'the name here is retentionSeconds',
  ttl: "the name here is ttlSeconds, of layout 'message'",
}

const MAX_NAME_LENGTH = 2_048

/** The client puts names into a path, where `..` would lead to another workspace. */
const name: OptionCheck = {
  be: `1 to ${MAX_NAME_LENGTH} characters of A-Z a-z 0-9 _ - . without two dots in a row`,
  holds: value =>
    typeof value === 'string' &&
    value.length <= MAX_NAME_LENGTH &&
    /^[A-Za-z0-9_\-.]+$/.test(value) &&
    value !== '.' &&
    !value.includes('..'),
}

const OTHER_MEMBERS: readonly string[] = ['_id', '_event_time', '_meta', 'hist']

const checks: OptionChecks = {
  ...storeChecks,
  collection: name,
  workspace: name,
  layout: oneOf('session', 'message'),
  messagesKey: {
    be: `a name of 1 to 255 characters, none of ${OTHER_MEMBERS.join(' ')}`,
    holds: value =>
      typeof value === 'string' && value !== '' && value.length <= 255 && value.isWellFormed() && !OTHER_MEMBERS.includes(value),
  },
  sync: flag,
  messageUuidMethod: having('call', 'a function that returns a text or a finite number'),
  sleepIntervalMs: integer(1, 60_000),
  addTimeoutMs: duration,
  createTimeoutMs: duration,
  ttlSeconds: integer(1),
  server: oneOf('hist', 'rockset'),
  setupMode: oneOf('sync', 'async', 'off'),
  setupTimeoutMs: duration,
  // As Rockset's documentation has it.
  retentionSeconds: integer(3_600, 315_359_999),
  client: { be: 'a client of @rockset/client', holds: isClient },
  apiKey: {
    be: 'a text of printable ASCII, not empty',
    holds: value => typeof value === 'string' && /^[\x21-\x7e]+$/.test(value),
  },
  apiServer: { be: 'an http or https URL without a query', holds: isServerUrl },
}

/** Options that only one layout has. */
const OF_OTHER_LAYOUT = {
  session: { ttlSeconds: ", which has one document for each session; layout 'message' has a time to live", server: '' },
  message: { messagesKey: '' },
} as const

const METHODS = {
  collections: ['createCollection', 'getCollection', 'getCollectionOffsets'],
  documents: ['addDocuments', 'patchDocuments', 'deleteDocuments'],
  queries: ['query'],
} as const

function isClient(value: unknown): boolean {
  const client = (value ?? {}) as Record<string, Record<string, unknown> | undefined>
  return Object.entries(METHODS).every(([api, methods]) => methods.every(method => typeof client[api]?.[method] === 'function'))
}

function isServerUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const { protocol, search, hash, username } = new URL(value)
  return /^https?:$/.test(protocol) && search === '' && hash === '' && username === ''
}

/** @throws TypeError naming the option */
export function checkRocksetOptions(options: RocksetOptions): void {
  checkOptions(OWNER, options, checks, HINTS)
  if (options.collection === undefined) throw argumentError(`${OWNER}: collection is missing`)
  const layout = options.layout ?? 'session'
  for (const [option, advice] of Object.entries(OF_OTHER_LAYOUT[layout])) {
    if (options[option as keyof RocksetOptions] === undefined) continue
    throw argumentError(`${OWNER}: ${option} does not belong to layout '${layout}'${advice}`)
  }
  const { client, apiKey, apiServer } = options
  if (client !== undefined) {
    refuseBeside(OWNER, 'client', { apiKey, apiServer })
    return
  }
  for (const [option, value] of Object.entries({ apiKey, apiServer }))
    if (value === undefined) throw argumentError(`${OWNER}: ${option} is missing; pass client, or apiKey and apiServer`)
}
