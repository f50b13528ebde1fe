/** A part of a message's content: `{ type: 'text', text }`, an image, a reasoning block … in whatever form the provider uses. */
export interface ContentBlock {
  type?: string
  [field: string]: unknown
}

/** Text, or a list of content blocks (Python also allows plain strings in the list). */
export type MessageContent = string | (ContentBlock | string)[]

/** A tool call the model made, its arguments parsed. */
export interface ToolCall {
  name: string
  args: Record<string, unknown>
  id?: string | null
  type?: 'tool_call'
}

/** A tool call whose arguments were not valid JSON. */
export interface InvalidToolCall {
  name?: string | null
  args?: string | null
  id?: string | null
  error?: string | null
  type?: 'invalid_tool_call'
}

/** Tokens of one model call. */
export interface UsageMetadata {
  input_tokens?: number
  output_tokens?: number
  total_tokens?: number
  input_token_details?: Record<string, number>
  output_token_details?: Record<string, number>
  [detail: string]: unknown
}

/** What every kind of message may hold. Fields not listed are kept as they are. */
export interface MessageData {
  content?: MessageContent
  id?: string
  name?: string
  additional_kwargs?: Record<string, unknown>
  response_metadata?: Record<string, unknown>
  [field: string]: unknown
}

export interface AIMessageData extends MessageData {
  tool_calls?: ToolCall[]
  invalid_tool_calls?: InvalidToolCall[]
  usage_metadata?: UsageMetadata
}

export interface ToolMessageData extends MessageData {
  tool_call_id?: string
  status?: 'success' | 'error'
  artifact?: unknown
}

export interface ChatMessageData extends MessageData {
  role?: string
}

/** A step from `data` to a value inside it: object keys and array indexes. */
export type FixPath = (string | number)[]

/** `[where, what, argument?]`: how a value that JSON cannot say comes back. The kinds are listed in the codec's table. */
export type Fix = [path: FixPath, kind: string, argument?: unknown]

/**
 * The third key of a stored row. Python's and LangChain's own readers ignore it. On a message in memory it is there only if
 * it says something that `type` and `data` do not: `c`, a fix of kind `msg`, or members that a backend added.
 */
export interface CodecNotes {
  /** Version of the row format. */
  v?: number
  /** The message was a chunk (`AIMessageChunk` …). */
  c?: 1
  /** Fixes that turn the JSON back into the exact values. */
  f?: Fix[]
  [member: string]: unknown
}

interface MessageOf<Type extends string, Data> {
  type: Type
  data: Data
  hist?: CodecNotes
}

export type HumanMessage = MessageOf<'human', MessageData>
export type AIMessage = MessageOf<'ai', AIMessageData>
export type SystemMessage = MessageOf<'system', MessageData>
export type ToolMessage = MessageOf<'tool', ToolMessageData>
export type FunctionMessage = MessageOf<'function', MessageData>
export type ChatMessage = MessageOf<'chat', ChatMessageData>

/**
 * One message in LangChain's own JSON form, the form that Python's and JavaScript's classes write and read. Values inside `data`
 * may be more than JSON can say (Date, Uint8Array, bigint, NaN, undefined, Map, Set …): the codec keeps them.
 *
 * A stored row of a type that this version does not know is handed on untouched: at run time `type` can be another string, so give
 * every `switch` over it a `default`.
 */
export type StoredMessage = HumanMessage | AIMessage | SystemMessage | ToolMessage | FunctionMessage | ChatMessage
