// The codec of @hist/core against LangChain's own mapper and JSON, on real conversations: `node codec.mjs [--json]`.
// Both on the same messages in one run, the order shuffled every round; medians. Runs on the built packages.
import { existsSync, readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { decodeMessage, encodeMessage } from '@hist/core'
import { fromStoredMessage, toStoredMessage } from '@hist/core/langchain'
import { mapChatMessagesToStoredMessages, mapStoredMessagesToChatMessages } from '@langchain/core/messages'
import { medians, printRatios } from './measure.mjs'

const WARM_UP = 20
const ROUNDS = 100
/** As `getMessages()` does: nobody else has the message that was just read. */
const GIVEN = { transfer: true }
const STOCK = 'LangChain’s mapper with JSON'
const SOURCES = ['../../../shared/transcripts/airline.langchain.jsonl', '../../examples/demo/conversations.jsonl']

/** Prints the ratios and returns the medians, in microseconds for a message. */
export async function benchCodec() {
  const messages = conversation()
  const instances = messages.map(message => fromStoredMessage(message))
  const stored = instances.map(message => toStoredMessage(message))
  const texts = stored.map(message => received(encodeMessage(message)))
  const stockTexts = instances.map(message => received(stockEncode(message)))

  const encode = {
    [STOCK]: () => each(instances, stockEncode),
    'toStoredMessage, encodeMessage': () => each(instances, message => encodeMessage(toStoredMessage(message))),
    'encodeMessage of stored messages': () => each(stored, message => encodeMessage(message)),
    'JSON.stringify of stored messages': () => each(stored, message => JSON.stringify(message)),
  }
  const decode = {
    [STOCK]: () => each(stockTexts, text => mapStoredMessagesToChatMessages([JSON.parse(text)])[0]),
    'decodeMessage, fromStoredMessage': () => each(texts, text => fromStoredMessage(decodeMessage(text), GIVEN)),
    'decodeMessage to stored messages': () => each(texts, text => decodeMessage(text)),
    'JSON.parse to stored messages': () => each(stockTexts, text => JSON.parse(text)),
  }

  const results = { messages: messages.length, rounds: ROUNDS, node: process.version }
  for (const [name, cases] of Object.entries({ encode, decode })) {
    await medians(cases, WARM_UP)
    const times = await medians(cases, ROUNDS)
    printRatios(`${name}, ${messages.length} messages`, times, STOCK)
    results[name] = Object.fromEntries(Object.entries(times).map(([key, time]) => [key, round((time / messages.length) * 1000)]))
  }
  const faster = (name, ours) => round(results[name][STOCK] / results[name][ours])
  results.faster = {
    encode: faster('encode', 'encodeMessage of stored messages'),
    decode: faster('decode', 'decodeMessage to stored messages'),
    encodeInstances: faster('encode', 'toStoredMessage, encodeMessage'),
    decodeInstances: faster('decode', 'decodeMessage, fromStoredMessage'),
  }
  const { encode: encodes, decode: decodes, encodeInstances, decodeInstances } = results.faster
  console.info(`\nfaster than ${STOCK}: codec alone, encode ${encodes}×, decode ${decodes}×`)
  console.info(`from and to instances, encode ${encodeInstances}×, decode ${decodeInstances}×`)
  return results
}

function stockEncode(message) {
  return JSON.stringify(mapChatMessagesToStoredMessages([message])[0])
}

/** Keeps one property of each result, so that no work can be left out. */
function each(items, run) {
  let kept = 0
  for (const item of items) kept += run(item) === undefined ? 0 : 1
  if (kept !== items.length) throw new Error('a result is missing')
}

/** Text as it comes from a database: in one piece. */
function received(text) {
  return Buffer.from(text).toString()
}

function round(value) {
  return Math.round(value * 100) / 100
}

/** Real conversations, else those of the demo, else one made here. */
function conversation() {
  for (const source of SOURCES) {
    const file = new URL(source, import.meta.url)
    if (existsSync(file))
      return readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .flatMap(line => JSON.parse(line).messages)
  }
  return Array.from({ length: 250 }, (_, turn) => madeTurn(`turn-${turn}`)).flat()
}

function madeTurn(id) {
  const rest = key => ({ additional_kwargs: {}, response_metadata: {}, id: `${id}-${key}` })
  const text = 'Is there a train from Köln to Zürich tomorrow before noon, and what does it cost? '.repeat(3)
  const call = { name: 'trains', args: { from: 'Köln', to: 'Zürich', before: '12:00' }, id: `${id}-call`, type: 'tool_call' }
  return [
    { type: 'human', data: { content: text, ...rest('human') } },
    { type: 'ai', data: { content: '', ...rest('call'), tool_calls: [call], invalid_tool_calls: [] } },
    {
      type: 'tool',
      data: {
        content: JSON.stringify([{ train: 'ICE 105', price: 354.5 }]),
        ...rest('tool'),
        tool_call_id: call.id,
        name: 'trains',
        status: 'success',
      },
    },
    { type: 'ai', data: { content: text, ...rest('ai'), tool_calls: [], invalid_tool_calls: [] } },
  ]
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const results = await benchCodec()
  if (process.argv.includes('--json')) console.info(JSON.stringify(results))
}
