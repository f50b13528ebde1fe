import type { HistoryErrorCode, HistoryErrorDetails, Outcome } from '@hist/core'

/** @internal */
export type Meaning = readonly [words: string, details: HistoryErrorDetails]

const NO_LEADER = new Set([
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'REPLICA_NOT_AVAILABLE',
  'OFFSET_NOT_AVAILABLE',
])

/** Another try can succeed, after a look at fresh metadata. @internal */
export const STALE_ANSWERS: ReadonlySet<string> = new Set([
  ...NO_LEADER,
  'UNKNOWN_TOPIC_OR_PARTITION',
  'BROKER_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
  'NETWORK_EXCEPTION',
  'REQUEST_TIMED_OUT',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NOT_CONTROLLER',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
])

/** @internal */
export const OUT_OF_SEQUENCE_ANSWERS: ReadonlySet<string> = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'DUPLICATE_SEQUENCE_NUMBER',
])

const TOO_LARGE = 'the append exceeds what TOPIC takes; set maxMessageBytes to its max.message.bytes'
const LIVE_GROUP =
  'the consumer group named as TOPIC has live members, such as a running Python consumer; its position can be set when they left'
const SIGN_IN_REFUSED =
  'the broker refused to sign in; check mechanism and credentials in clientOptions.sasl, and that this listener has SASL'
const NO_COMMON_VERSION = 'the broker and kafkajs have no common version of the request'

/** @internal */
export const signInRefused: Meaning = [SIGN_IN_REFUSED, { code: 'ACCESS_DENIED' }]
/** @internal */
export const noCommonVersion: Meaning = [NO_COMMON_VERSION, { code: 'UNSUPPORTED' }]

/** Those that need words of their own; TOPIC stands for the topic. */
const ANSWERS: Readonly<Record<string, readonly [HistoryErrorCode, string, Outcome?]>> = {
  UNKNOWN_TOPIC_OR_PARTITION: ['UNAVAILABLE', 'the broker knows no TOPIC, perhaps not yet, perhaps no longer'],
  // Looked at before anything is written.
  NOT_ENOUGH_REPLICAS: ['UNAVAILABLE', 'fewer replicas of TOPIC are in sync than its min.insync.replicas', 'failed'],
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: ['UNAVAILABLE', 'fewer replicas of TOPIC took the append than its min.insync.replicas'],
  OFFSET_OUT_OF_RANGE: ['UNAVAILABLE', 'the log of TOPIC moved while it was read'],
  CORRUPT_MESSAGE: ['UNAVAILABLE', 'what was sent to TOPIC, or is stored there, is damaged, says the broker'],
  MESSAGE_TOO_LARGE: ['TOO_LARGE', TOO_LARGE],
  RECORD_LIST_TOO_LARGE: ['TOO_LARGE', TOO_LARGE],
  TOPIC_ALREADY_EXISTS: ['CONFLICT', 'TOPIC exists already'],
  UNKNOWN_MEMBER_ID: ['CONFLICT', LIVE_GROUP],
  ILLEGAL_GENERATION: ['CONFLICT', LIVE_GROUP],
  REBALANCE_IN_PROGRESS: ['CONFLICT', LIVE_GROUP],
  INVALID_TIMESTAMP: [
    'INVALID_CONFIGURATION',
    'TOPIC refuses the time of the messages (message.timestamp.after.max.ms, .before.max.ms); is the clock of this machine right?',
  ],
  INVALID_RECORD: [
    'INVALID_CONFIGURATION',
    "TOPIC refuses messages without keys, as one with cleanup.policy=compact does; it needs 'delete'",
  ],
  UNSUPPORTED_FOR_MESSAGE_FORMAT: ['INVALID_CONFIGURATION', 'TOPIC has a message format from before Kafka 0.11'],
  INVALID_REPLICATION_FACTOR: [
    'INVALID_CONFIGURATION',
    'TOPIC was not made: replicationFactor is more than there are brokers, or not what they allow',
  ],
  INVALID_PARTITIONS: ['INVALID_CONFIGURATION', 'TOPIC was not made: the brokers refuse so many partitions; lower partition'],
  INVALID_CONFIG: ['INVALID_CONFIGURATION', 'TOPIC was not made: the brokers refuse a setting in topicConfig, or ttlMs'],
  POLICY_VIOLATION: [
    'INVALID_CONFIGURATION',
    "TOPIC was not made: the cluster's policy refuses its replicationFactor, partition, topicConfig, ttlMs or name",
  ],
  TOPIC_DELETION_DISABLED: ['INVALID_CONFIGURATION', "the brokers delete no topics; use clearMode 'truncate'"],
  TOPIC_AUTHORIZATION_FAILED: [
    'ACCESS_DENIED',
    'no permission on TOPIC: READ and DESCRIBE to read, WRITE to append, CREATE for a first append, DELETE to clear',
  ],
  GROUP_AUTHORIZATION_FAILED: ['ACCESS_DENIED', 'no permission (READ) on the consumer group named as TOPIC'],
  CLUSTER_AUTHORIZATION_FAILED: [
    'ACCESS_DENIED',
    'no permission on the cluster: a first append needs CREATE there or on TOPIC; any append to older brokers, IDEMPOTENT_WRITE',
  ],
  SASL_AUTHENTICATION_FAILED: ['ACCESS_DENIED', SIGN_IN_REFUSED],
  UNSUPPORTED_SASL_MECHANISM: ['ACCESS_DENIED', SIGN_IN_REFUSED],
  ILLEGAL_SASL_STATE: ['ACCESS_DENIED', SIGN_IN_REFUSED],
  UNSUPPORTED_COMPRESSION_TYPE: ['UNSUPPORTED', NO_COMMON_VERSION],
  UNSUPPORTED_VERSION: ['UNSUPPORTED', NO_COMMON_VERSION],
}

/**
 * What an answer of the broker means.
 * @param type its name in the protocol
 * @param answer whether Kafka lists it as retriable, and kafkajs's own text
 * @internal
 */
export function answerMeaning(type: string, topic: string, answer: { isRetriable: boolean; text: string }): Meaning {
  if (type === 'INVALID_TOPIC_EXCEPTION') return refusedName(topic)
  const known = Object.hasOwn(ANSWERS, type) ? ANSWERS[type] : undefined
  if (known !== undefined) {
    const [code, words, outcome] = known
    return [words.replace('TOPIC', `topic ${topic}`), { code, ...(outcome && { outcome }) }]
  }
  if (NO_LEADER.has(type)) return [`topic ${topic} has no leader that is ready (${type})`, { code: 'UNAVAILABLE' }]
  if (OUT_OF_SEQUENCE_ANSWERS.has(type))
    return [`the broker counts what was sent otherwise than this writer (${type})`, { code: 'UNAVAILABLE' }]
  if (type.endsWith('AUTHORIZATION_FAILED')) return [`no permission (${type})`, { code: 'ACCESS_DENIED' }]
  if (STALE_ANSWERS.has(type) || answer.isRetriable) return [`the broker could not do it now (${type})`, { code: 'UNAVAILABLE' }]
  // kafkajs has no names for newer ones: "Unknown error code 90".
  const number = /^Unknown error code -?\d+$/.exec(answer.text)?.[0]
  return [`an answer of the broker that is not known here (${number ?? type})`, { code: 'UNKNOWN' }]
}

/** Our names are legal: it is refused because of another topic, or of the cluster's own rules. */
function refusedName(topic: string): Meaning {
  if (!/[._]/.test(topic)) return [`the brokers refuse the name of topic ${topic}`, { code: 'INVALID_CONFIGURATION' }]
  return [
    `topic ${topic} cannot be made beside an existing one: to Kafka, names that differ only in '.' and '_' are the same, here ` +
      `${topic.replaceAll('.', '_')}; use another session id or topicPrefix`,
    { code: 'CONFLICT', retryable: false },
  ]
}
