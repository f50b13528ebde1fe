// Reads conversations from a file: LangChain's JSON or OpenAI's chat form, one or many.
import { readFile } from 'node:fs/promises'
import { createMemoryHistory } from '@hist/core'
import { fromStoredMessage, toStoredMessage } from '@hist/core/langchain'

/**
 * @typedef {import('@hist/core').StoredMessage} StoredMessage
 * @typedef {{ session: string, messages: StoredMessage[] }} Conversation
 */

/**
 * JSON Lines with a conversation `{ session?, messages: [...] }` or a message on each line; or JSON: a conversation, a list of
 * conversations, a list of messages. Conversations of one session follow each other.
 * @param {string} path
 * @returns {Promise<Conversation[]>} one for each session
 * @throws {Error} one line `file:line: what is wrong`, without a line number for JSON of several lines
 */
export async function readConversations(path) {
  const entries = parse((await readFile(path, 'utf8')).replace(/^\uFEFF/, ''), path)
  /** @type {Map<string, StoredMessage[]>} */
  const sessions = new Map()
  if (entries.some(({ value }) => value?.messages !== undefined)) {
    for (const [index, { value, where }] of entries.entries()) {
      const name = within(where, () => sessionName(value?.session ?? `conversation-${index + 1}`))
      if (!Array.isArray(value?.messages)) throw new Error(`${where}: no list of messages`)
      const messages = value.messages.map((message, at) => within(`${where}: message ${at + 1}`, () => storedMessage(message)))
      sessions.set(name, [...(sessions.get(name) ?? []), ...messages])
    }
  } else if (entries.length > 0) {
    const messages = entries.map(({ value, where }) => within(where, () => storedMessage(value)))
    sessions.set('conversation-1', messages)
  }
  const conversations = [...sessions].map(([session, messages]) => ({ session, messages }))
  if (conversations.every(({ messages }) => messages.length === 0)) throw new Error(`${path}: no messages`)
  return conversations
}

/** Says where an error is. Some texts, such as those of `JSON.parse`, quote line breaks. */
function within(where, read) {
  try {
    return read()
  } catch (error) {
    throw new Error(`${where}: ${error.message.replace(/\s+/g, ' ')}`)
  }
}

/** What is in the file, each with where it is. */
function parse(text, path) {
  const lines = text
    .split('\n')
    .map((line, index) => ({ line, where: `${path}:${index + 1}` }))
    .filter(({ line }) => line.trim() !== '')
  if (lines.length === 0) return []
  // A broken document of several lines is told from JSON Lines by its first one, if that has nothing but brackets.
  if (lines.length > 1 && !isJson(text) && !/^[\s[{]*$/.test(lines[0].line))
    return lines.map(({ line, where }) => ({ value: parseJson(line, where), where }))
  const where = lines.length === 1 ? lines[0].where : path
  const whole = parseJson(text, where)
  if (!Array.isArray(whole)) return [{ value: whole, where }]
  return whole.map((value, index) => ({ value, where: `${where}: entry ${index + 1}` }))
}

function parseJson(text, where) {
  return within(`${where}: not JSON`, () => JSON.parse(text))
}

function isJson(text) {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const store = createMemoryHistory()

/** Checked as every store does it. */
function sessionName(session) {
  return store.session(String(session)).sessionId
}

/** As it is in the file, so that all of it is compared; but of `content: null` the library makes an empty list. */
function storedMessage(message) {
  const stored = inStoredForm(message)
  checkCalls(stored.data?.tool_calls ?? [], 'name', call => call?.name)
  const made = toStoredMessage(fromStoredMessage(stored))
  return stored.data.content === null ? made : stored
}

function checkCalls(calls, field, nameOf) {
  if (!Array.isArray(calls)) throw new Error('tool_calls is not a list')
  const nameless = calls.findIndex(call => typeof nameOf(call) !== 'string')
  if (nameless >= 0) throw new Error(`tool call ${nameless + 1} has no ${field}`)
}

function inStoredForm(message) {
  if (typeof message?.type === 'string' && typeof message.data === 'object' && message.data !== null) return message
  if (message?.lc === 1 && Array.isArray(message.id)) return fromConstructor(message)
  if (typeof message?.role === 'string') return fromOpenAI(message)
  throw new Error("neither LangChain's { type, data } nor OpenAI's { role, content }")
}

const CLASSES = { Human: 'human', AI: 'ai', System: 'system', Tool: 'tool', Function: 'function', Chat: 'chat' }

/** What `JSON.stringify(message)` of a LangChain message gives. */
function fromConstructor({ id, kwargs }) {
  const type = CLASSES[String(id.at(-1)).replace(/Message(Chunk)?$/, '')]
  if (type === undefined) throw new Error(`unknown class ${id.at(-1)}`)
  return { type, data: kwargs }
}

const ROLES = { system: 'system', developer: 'system', user: 'human', assistant: 'ai', tool: 'tool', function: 'function' }

/** What fits no field of LangChain's goes into `additional_kwargs`, under its own name. */
function fromOpenAI({ role, content, name, tool_calls, tool_call_id, ...rest }) {
  const type = ROLES[role]
  if (type === undefined) throw new Error(`unknown role ${JSON.stringify(role)}`)
  if (role === 'developer') rest.__openai_role__ = 'developer'
  const data = { content: content ?? '', additional_kwargs: rest, response_metadata: {} }
  if (name !== undefined) data.name = name
  if (type === 'tool') data.tool_call_id = tool_call_id ?? ''
  if (type === 'ai') Object.assign(data, toolCalls(tool_calls ?? []))
  return { type, data }
}

function toolCalls(calls) {
  checkCalls(calls, 'function.name', call => call?.function?.name)
  const tool_calls = []
  const invalid_tool_calls = []
  for (const {
    id,
    function: { name, arguments: text },
  } of calls) {
    try {
      tool_calls.push({ name, args: JSON.parse(text), id, type: 'tool_call' })
    } catch (error) {
      invalid_tool_calls.push({ name, args: text, id, error: error.message, type: 'invalid_tool_call' })
    }
  }
  return { tool_calls, invalid_tool_calls }
}

/**
 * The appends an agent app makes of a conversation: each message as it happens, the results of one round of tool calls together.
 * @param {StoredMessage[]} messages
 * @returns {StoredMessage[][]}
 */
export function turnsOf(messages) {
  /** @type {StoredMessage[][]} */
  const turns = []
  for (const message of messages) {
    const previous = turns.at(-1)
    if (message.type === 'tool' && previous?.[0]?.type === 'tool') previous.push(message)
    else turns.push([message])
  }
  return turns
}
