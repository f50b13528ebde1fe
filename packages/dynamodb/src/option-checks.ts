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
import { type DynamoDBKey, type DynamoDBOptions, itemsSettings, listSettings } from './options.js'

const OWNER = '@hist/dynamodb'
const OWN_CLIENT = 'pass client, or endpointUrl, region and credentials'
const LIST_KEY = "the name here is historyMessagesKey, of layout 'list'"
const LIST_SIZE = "the name here is historySize, of layout 'list'"
const NO_COERCION = 'leave it out, numbers need no coercion here'
const NO_CLIENT_SIDE_KMS = "Python's client-side encryption has no JavaScript implementation; encrypt the table itself with KMS"

/** What to use instead of the names of other classes: Python's, and those of the JavaScript community class. */
const HINTS: Readonly<Record<string, string>> = {
  partitionKey: 'the name here is primaryKeyName',
  sortKey: "the name here is sortKeyName, the name of the range key; of that class's tables, see key of layout 'list'",
  messageAttributeName: LIST_KEY,
  config: OWN_CLIENT,
  clientConfig: OWN_CLIENT,
  endpoint: 'the name here is endpointUrl',
  table: 'the name here is tableName',
  ttl: 'the name here is ttlSeconds',
  table_name: 'the name here is tableName',
  session_id: 'the name here is sessionId',
  endpoint_url: 'the name here is endpointUrl',
  primary_key_name: 'the name here is primaryKeyName',
  ttl_key_name: 'the name here is ttlKeyName',
  history_size: LIST_SIZE,
  history_messages_key: LIST_KEY,
  boto3Session: 'pass a client',
  boto3_session: 'pass a client',
  kmsKeyId: NO_CLIENT_SIDE_KMS,
  kms_key_id: NO_CLIENT_SIDE_KMS,
  coerceFloatToDecimal: NO_COERCION,
  coerce_float_to_decimal: NO_COERCION,
  sessionId: 'a store has many sessions: store.session(sessionId)',
}

/** Attributes of both layouts' items: a table made for one can be used by the other. */
const OUR_ATTRIBUTES: readonly string[] = ['n', 'b', 'z', 'p', 'a', 'c', 'op0', 'op1', 'op2', 'op3', 'v', 'base']
const MAX_NAME_BYTES = 255

const attributeName: OptionCheck = {
  be: `a name of 1 to ${MAX_NAME_BYTES} bytes, none of ${OUR_ATTRIBUTES.join(' ')}`,
  holds(value) {
    if (typeof value !== 'string' || value === '' || !value.isWellFormed()) return false
    return Buffer.byteLength(value) <= MAX_NAME_BYTES && !OUR_ATTRIBUTES.includes(value)
  },
}

const checks: OptionChecks = {
  ...storeChecks,
  // Layout 'list' recognises repeats for 11 minutes; no call may outlast that.
  timeoutMs: integer(1, 300_000),
  tableName: {
    be: '3 to 255 characters of A-Z a-z 0-9 _ . -',
    holds: value => typeof value === 'string' && /^[A-Za-z0-9_.-]{3,255}$/.test(value),
  },
  layout: oneOf('items', 'list'),
  primaryKeyName: attributeName,
  sortKeyName: attributeName,
  historyMessagesKey: attributeName,
  historySize: integer(1),
  key: having(
    'call',
    'a function of the session id that returns the whole primary key: in a store, all sessions would share the item of a fixed one',
  ),
  ttlSeconds: integer(1),
  ttlKeyName: attributeName,
  consistentRead: flag,
  compress: flag,
  setupMode: oneOf('sync', 'async', 'off'),
  setupTimeoutMs: duration,
  client: having('send', 'a DynamoDBClient'),
  endpointUrl: { be: 'an http or https URL', holds: isHttpUrl },
  region: { be: 'the name of a region', holds: value => typeof value === 'string' && value !== '' },
  credentials: {
    be: 'access keys or a function that provides them',
    holds: value => typeof value === 'function' || (typeof value === 'object' && value !== null),
  },
}

/** Options that only one layout has, and what to do in the other. */
const OF_OTHER_LAYOUT = {
  items: {
    historyMessagesKey: '',
    historySize: ', which deletes nothing; read with window: { last } or messages({ last })',
    key: '',
  },
  list: { sortKeyName: '; of a table with a range key, give key', compress: '' },
} as const

function isHttpUrl(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)
}

/** @throws TypeError naming the option */
export function checkDynamoDBOptions(options: DynamoDBOptions): void {
  checkOptions(OWNER, options, checks, HINTS)
  if (options.tableName === undefined) throw argumentError(`${OWNER}: tableName is missing`)
  const layout = options.layout ?? 'items'
  for (const [option, advice] of Object.entries(OF_OTHER_LAYOUT[layout])) {
    if (options[option as keyof DynamoDBOptions] === undefined) continue
    throw argumentError(`${OWNER}: ${option} does not belong to layout '${layout}'${advice}`)
  }
  const { primaryKeyName, sortKeyName, ttlKeyName } = itemsSettings(options)
  const { historyMessagesKey, setupMode } = listSettings(options)
  const own = layout === 'items' ? { sortKeyName } : { historyMessagesKey }
  const names = Object.entries({ primaryKeyName, ttlKeyName, ...own })
  for (const [option, name] of names) {
    const twin = names.find(([other, otherName]) => other !== option && otherName === name)
    if (twin !== undefined) throw argumentError(`${OWNER}: ${option} and ${twin[0]} must differ`)
  }
  const { client, endpointUrl, region, credentials, key } = options
  if (client !== undefined) refuseBeside(OWNER, 'client', { endpointUrl, region, credentials })
  if (key === undefined) return
  // Which of its attributes is the table's hash key is not known.
  const making = setupMode === 'off' ? undefined : setupMode
  refuseBeside(OWNER, 'key', { primaryKeyName: options.primaryKeyName, [`setupMode '${making}'`]: making })
}

/** A key that the app gave. @throws TypeError */
export function checkKey(key: unknown, taken: readonly string[]): asserts key is DynamoDBKey {
  const parts = typeof key === 'object' && key !== null ? Object.entries(key) : []
  const isPart = ([name, value]: [string, unknown]) =>
    attributeName.holds(name) && !taken.includes(name) && typeof value === 'string' && value !== '' && value.isWellFormed()
  if (parts.length < 1 || parts.length > 2 || !parts.every(isPart))
    throw argumentError(`${OWNER}: key must be the one or two key attributes of an item, by name, each a text`)
}
