import { argumentError, decodeMessage, encodeMessage, type Fix, HistoryError, type StoredMessage } from '@hist/core'
import {
  AIMessage,
  AIMessageChunk,
  type BaseMessage,
  ChatMessage,
  ChatMessageChunk,
  FunctionMessage,
  FunctionMessageChunk,
  HumanMessage,
  HumanMessageChunk,
  RemoveMessage,
  SystemMessage,
  SystemMessageChunk,
  ToolMessage,
  ToolMessageChunk,
} from '@langchain/core/messages'
import { type Fields, setOwn } from '../message-form.js'
import { DeepCopy, plainCopy } from './deep-copy.js'

export interface FromStoredOptions {
  /** Make chunks (`AIMessageChunk` …) of messages that were stored as chunks. @default false, they come back as whole messages */
  chunks?: boolean
  /** The message is given away: its `data` becomes the instance's own. @default false, the instance shares only the values inside */
  transfer?: boolean
}

type CopyOf = (holder: Fields, key: string) => unknown

/** What the constructors ask for. They change their argument. */
const DUMMIES = { content: '', id: '', name: '', role: '', tool_call_id: '' }

/** A stored message, or one inside a value. */
interface StoredForm {
  type: string
  data: Fields
  hist?: StoredMessage['hist'] | undefined
}

/** The fields of each class besides those of every message, by the type of the stored message. */
const OWN_FIELDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['chat', ['role']],
  ['tool', ['tool_call_id', 'status', 'artifact', 'metadata']],
  ['ai', ['tool_calls', 'invalid_tool_calls', 'usage_metadata', 'tool_call_chunks']],
])
const COMMON_FIELDS = ['content', 'id', 'name', 'additional_kwargs', 'response_metadata']
/** Not extras: the fields of every message, LangChain's machinery, and constructor arguments that became `content`. */
const NO_EXTRAS: ReadonlySet<string> = new Set([
  ...COMMON_FIELDS,
  'type',
  'lc_kwargs',
  'lc_namespace',
  'lc_serializable',
  'lc_direct_tool_output',
  'contentBlocks',
  'content_blocks',
])

/**
 * The stored form of a LangChain message of any copy of `@langchain/core`: the fields of its class as they are now, and extra constructor
 * arguments. A chunk becomes the message, marked in `hist`, as do messages inside values. Nothing that can be copied is shared.
 *
 * @throws TypeError if it is not a LangChain message, is a `RemoveMessage`, holds a cycle, is nested deeper than 990 levels, or a getter
 * threw
 */
export function toStoredMessage(message: BaseMessage): StoredMessage {
  if (!isMessage(message)) throw argumentError('toStoredMessage: not a LangChain message')
  const stored = formOf(message)
  if (stored.type === 'remove') throw argumentError('toStoredMessage: a RemoveMessage is an instruction, not history')
  return stored as StoredMessage
}

/**
 * The LangChain message of a stored one, exactly as it was: no warning, no parsing, no rewriting by the constructors. What every message
 * of its class has and this one has not is empty. Of type `remove`: a `RemoveMessage`. The stored message is not changed.
 *
 * @throws HistoryError `UNSUPPORTED` for a type that LangChain has no class for
 * @throws TypeError if it is not a stored message, or as `toStoredMessage`
 */
export function fromStoredMessage(message: StoredMessage, options: FromStoredOptions = {}): BaseMessage {
  if (!isStored(message)) throw argumentError('fromStoredMessage: not a stored message')
  const { type, data, hist } = message
  const own = options.transfer ? data : { ...data }
  if (hist === undefined && isTakenAsItIs(type, own))
    return construct(type, own) ?? instanceOfOtherName(message as StoredMessage, options)
  const nested = Array.isArray(hist?.f) ? hist.f.filter(fix => fix?.[1] === 'msg') : []
  const fields = nested.length > 0 ? withInstances(data, nested, options) : own
  return instanceOf(type, fields, hist?.c, options) ?? instanceOfOtherName(message as StoredMessage, options)
}

/** A copy in which messages inside values are instances. */
function withInstances(data: Fields, nested: readonly Fix[], options: FromStoredOptions): Fields {
  const places = new Set(nested.map(([path]) => JSON.stringify(path)))
  const copy: DeepCopy = new DeepCopy({
    ofPlain: fields => {
      if (!places.has(JSON.stringify(copy.path)) || !isStored(fields)) return fields
      return instanceOf(fields.type, fields.data, fields.hist?.c, options) ?? fields
    },
  })
  return copy.run(() => copy.object(data)) as Fields
}

/** Types have other names too, which the codec knows. */
function instanceOfOtherName(message: StoredMessage, options: FromStoredOptions): BaseMessage {
  const { type, data, hist } = decodeMessage(encodeMessage(message))
  const instance = type === message.type ? undefined : instanceOf(type, data, hist?.c, options)
  if (instance !== undefined) return instance
  throw new HistoryError(`LangChain has no class for messages of type ${JSON.stringify(message.type)}`, { code: 'UNSUPPORTED' })
}

function formOf(message: BaseMessage): StoredForm {
  try {
    return storedForm(message, plainMember)
  } catch {
    // Not plain: as below.
  }
  const nested: Fix[] = []
  const copy: DeepCopy = new DeepCopy({
    ofInstance: instance => {
      if (!isMessage(instance)) return undefined
      nested.push([[...copy.path], 'msg'])
      copy.path.push('data')
      const stored = storedForm(instance, member)
      copy.path.pop()
      return stored
    },
  })
  const member: CopyOf = (holder, key) => copy.member(holder, key)
  const stored = copy.run(() => storedForm(message, member))
  if (nested.length > 0) stored.hist = { v: 1, ...stored.hist, f: nested }
  return stored
}

function storedForm(message: BaseMessage, copyOf: CopyOf): StoredForm {
  const given = message.getType()
  const type = given === 'generic' ? 'chat' : given
  const instance = message as unknown as Fields
  const data: Fields = {
    content: copyOf(instance, 'content') ?? [],
    additional_kwargs: instance.additional_kwargs === undefined ? {} : copyOf(instance, 'additional_kwargs'),
    response_metadata: instance.response_metadata === undefined ? {} : copyOf(instance, 'response_metadata'),
  }
  if (instance.id !== undefined) data.id = copyOf(instance, 'id')
  if (instance.name !== undefined) data.name = copyOf(instance, 'name')
  const own = OWN_FIELDS.get(type) ?? []
  for (const key of own) if (instance[key] !== undefined) data[key] = copyOf(instance, key)
  const extras = instance.lc_kwargs as Fields
  for (const key in extras) {
    // `metadata` is a field of tool messages since version 1 and an extra before.
    if (NO_EXTRAS.has(key) || (own.includes(key) && key in instance) || extras[key] === undefined) continue
    setOwn(data, key, copyOf(Object.hasOwn(instance, key) ? instance : extras, key))
  }
  return isChunk(message, type) ? { type, data, hist: { v: 1, c: 1 } } : { type, data }
}

function plainMember(holder: Fields, key: string): unknown {
  const value = holder[key]
  return typeof value === 'object' && value !== null ? plainCopy(value) : value
}

/** Takes over `data`. Undefined if there is no class for the type. */
function instanceOf(type: string, data: Fields, c: 1 | undefined, { chunks }: FromStoredOptions): BaseMessage | undefined {
  if (c === 1 && chunks) return filledIn(constructChunk(type, { ...DUMMIES }), type, data)
  const fields = c === 1 ? withoutPieces(data) : data
  return isTakenAsItIs(type, fields) ? construct(type, fields) : filledIn(construct(type, { ...DUMMIES }), type, fields)
}

/** What a chunk was put together from is not a field of the whole message. */
function withoutPieces({ tool_call_chunks: _, ...fields }: Fields): Fields {
  return fields
}

/** Whether the constructor does no more than fill in missing lists of calls, take the fields and keep its argument as `lc_kwargs`. */
function isTakenAsItIs(type: string, data: Fields): boolean {
  const { content, additional_kwargs: kwargs, response_metadata: metadata } = data
  if ((typeof content !== 'string' && !Array.isArray(content)) || !isObject(kwargs) || !isObject(metadata)) return false
  if (type !== 'ai') return type !== 'remove'
  return (
    data.tool_calls !== null &&
    data.invalid_tool_calls !== null &&
    data.contentBlocks === undefined &&
    kwargs.tool_calls === undefined &&
    metadata.output_version === undefined
  )
}

/** An instance that was made of next to nothing, so that no constructor sees, changes or warns of the fields. */
function filledIn(made: BaseMessage | undefined, type: string, data: Fields): BaseMessage | undefined {
  if (made === undefined) return undefined
  const instance = made as unknown as Fields
  const fields = withDefaults(type, data)
  for (const key of [...COMMON_FIELDS, ...(OWN_FIELDS.get(type) ?? [])]) if (key in instance) instance[key] = fields[key]
  instance.lc_kwargs = fields
  return made
}

function withDefaults(type: string, data: Fields): Fields {
  const fields: Fields = { content: '', additional_kwargs: {}, response_metadata: {} }
  if (type === 'ai') Object.assign(fields, { tool_calls: [], invalid_tool_calls: [] })
  for (const key of Object.keys(data)) if (data[key] !== undefined) setOwn(fields, key, data[key])
  return fields
}

/** A switch, not a table: it is on the way of every message that is read. */
function construct(type: string, fields: Fields): BaseMessage | undefined {
  switch (type) {
    case 'human':
      return new HumanMessage(fields as never)
    case 'ai':
      return new AIMessage(fields as never)
    case 'system':
      return new SystemMessage(fields as never)
    case 'tool':
      return new ToolMessage(fields as never)
    case 'function':
      return new FunctionMessage(fields as never)
    case 'chat':
      return new ChatMessage(fields as never)
    case 'remove':
      return new RemoveMessage(fields as never)
    default:
      return undefined
  }
}

const CHUNKS = new Map<string, new (fields: never) => BaseMessage>([
  ['human', HumanMessageChunk],
  ['ai', AIMessageChunk],
  ['system', SystemMessageChunk],
  ['tool', ToolMessageChunk],
  ['function', FunctionMessageChunk],
  ['chat', ChatMessageChunk],
])

function constructChunk(type: string, fields: Fields): BaseMessage | undefined {
  const Chunk = CHUNKS.get(type)
  return Chunk && new Chunk(fields as never)
}

/** By behaviour: with two installed copies of `@langchain/core`, `instanceof` is false. */
function isMessage(value: unknown): value is BaseMessage {
  return typeof (value as Partial<BaseMessage> | null | undefined)?._getType === 'function'
}

/** Only chunks can be concatenated, and, since version 1, whole system messages. */
function isChunk(message: BaseMessage, type: string): boolean {
  if (typeof (message as { concat?: unknown }).concat !== 'function') return false
  if (type !== 'system') return true
  for (let Class = message.constructor; typeof Class === 'function'; Class = Object.getPrototypeOf(Class)) {
    if ((Class as { lc_name?(): string }).lc_name?.() === 'SystemMessageChunk') return true
  }
  return false
}

function isStored(message: unknown): message is StoredForm {
  return isObject(message) && typeof message.type === 'string' && isObject(message.data) && !Array.isArray(message.data)
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}
