// Reads conversations from a file: LangChain's JSON or OpenAI's chat form, one or many.
import { readFile } from 'node:fs/promises'

/**
 * @typedef {import('@hist/core').StoredMessage} StoredMessage
 * @typedef {{ session: string, messages: StoredMessage[] }} Conversation
 */

/**
 * JSON Lines with a conversation `{ session?, messages: [...] }` or a message on each line; or JSON: a conversation, a list of
 * conversations, a list of messages.
 * @param {string} path
 * @returns {Promise<Conversation[]>}
 */
export async function readConversations(path) {
  const values = parse(await readFile(path, 'utf8'), path)
  const conversations = values.every(isConversation) ? values : [{ messages: values }]
  if (values.length === 0) throw new Error(`${path}: no messages`)
  return conversations.map(({ session, messages }, index) => {
    const name = String(session ?? `conversation-${index + 1}`)
    return {
      session: name,
      messages: messages.map((message, at) => storedMessage(message, `${path}: ${name}, message ${at + 1}`)),
    }
  })
}

function isConversation(value) {
  return Array.isArray(value?.messages)
}

function parse(text, path) {
  const lines = text.split('\n')
  try {
    const whole = JSON.parse(text)
    return Array.isArray(whole) ? whole : [whole]
  } catch (error) {
    if (lines.filter(line => line.trim() !== '').length < 2) throw new Error(`${path}: not JSON: ${error.message}`)
  }
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return []
    try {
      return [JSON.parse(line)]
    } catch (error) {
      throw new Error(`${path}: line ${index + 1} is not JSON: ${error.message}`)
    }
  })
}

function storedMessage(message, where) {
  if (typeof message?.type === 'string' && typeof message.data === 'object' && message.data !== null) return message
  if (message?.lc === 1 && Array.isArray(message.id)) return fromConstructor(message, where)
  if (typeof message?.role === 'string') return fromOpenAI(message, where)
  throw new Error(`${where}: neither LangChain's { type, data } nor OpenAI's { role, content }`)
}

const CLASSES = { Human: 'human', AI: 'ai', System: 'system', Tool: 'tool', Function: 'function', Chat: 'chat' }

/** What `JSON.stringify(message)` of a LangChain message gives. */
function fromConstructor({ id, kwargs }, where) {
  const type = CLASSES[String(id.at(-1)).replace(/Message(Chunk)?$/, '')]
  if (type === undefined) throw new Error(`${where}: unknown class ${id.at(-1)}`)
  return { type, data: kwargs }
}

const ROLES = { system: 'system', developer: 'system', user: 'human', assistant: 'ai', tool: 'tool', function: 'function' }

/** What fits no field of LangChain's goes into `additional_kwargs`, under its own name. */
function fromOpenAI({ role, content, name, tool_calls, tool_call_id, ...rest }, where) {
  const type = ROLES[role]
  if (type === undefined) throw new Error(`${where}: unknown role ${JSON.stringify(role)}`)
  if (role === 'developer') rest.__openai_role__ = 'developer'
  const data = { content: content ?? '', additional_kwargs: rest, response_metadata: {} }
  if (name !== undefined) data.name = name
  if (type === 'tool') data.tool_call_id = tool_call_id ?? ''
  if (type === 'ai') Object.assign(data, toolCalls(tool_calls ?? []))
  return { type, data }
}

function toolCalls(calls) {
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
