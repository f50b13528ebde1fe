import { existsSync, readFileSync } from 'node:fs'
import type { StoredMessage } from '../../src/message.js'
import { type Fields, stored } from './values.js'

const FIXTURES = new URL('../fixtures/', import.meta.url)

interface Recorded {
  name: string
  json?: string
  lost?: string[]
  readback_error?: string
}

function fixture(name: string) {
  return JSON.parse(readFileSync(new URL(name, FIXTURES), 'utf8'))
}

/** Rows that Python 1.8.1 and 0.3.86 wrote, as text. */
export function pythonRows(): { name: string; text: string }[] {
  const { fixtures, core_0_3_86: old } = fixture('messages/python-messages.json')
  const rows = (fixtures as Recorded[]).flatMap(({ name, json }) => (json === undefined ? [] : [{ name, text: json }]))
  return [...rows, ...Object.entries(old as Record<string, string>).map(([name, text]) => ({ name: `${name} (0.3.86)`, text }))]
}

/** Rows that the stock mapper of LangChain.js wrote, and which fields its own reader lost. */
export function stockRows(): { name: string; text: string; lost: string[] }[] {
  return (fixture('messages/js-messages.json').fixtures as Recorded[]).flatMap(({ name, json, lost = [] }) =>
    json === undefined ? [] : [{ name, text: json, lost }],
  )
}

/** Rows that Python wrote to Cassandra, and what its own reader made of them. */
export function cassandraRows(): { name: string; text: string; expected: { type: string; data: Fields } }[] {
  const { sessions } = fixture('cassandra-python-rows.json') as {
    sessions: Record<string, { rows: { body_blob: string }[]; expected: { type: string; data: Fields }[] }>
  }
  return Object.entries(sessions).flatMap(([session, { rows, expected }]) =>
    rows.reverse().map(({ body_blob: text }, index) => ({
      name: `${session} ${index}`,
      text,
      expected: expected[index] as { type: string; data: Fields },
    })),
  )
}

/** Rows that Python wrote to Kafka. */
export function kafkaRows(): { name: string; text: string }[] {
  const { records } = fixture('kafka-python-records.json') as { records: { value: string; offset: number; partition: number }[] }
  return records.map(({ value, offset, partition }) => ({ name: `${partition}/${offset}`, text: value }))
}

/** Messages in the oldest form, as the JavaScript DynamoDB class keeps them. */
export function dynamodbRows(): { name: string; text: string }[] {
  type Item = { messages: { L: { M: Record<string, { S: string }> }[] } }
  const { cases } = fixture('dynamodb-js-peer-items.json') as { cases: Record<string, { item?: Item }> }
  return Object.entries(cases).flatMap(([name, { item }]) =>
    (item?.messages.L ?? []).map(({ M }) => {
      const row = Object.fromEntries(
        Object.entries(M).map(([key, { S }]) => [key, key === 'additional_kwargs' ? JSON.parse(S) : S]),
      )
      return { name, text: JSON.stringify(row) }
    }),
  )
}

/** Our own few messages, and, where they are at hand, 1,164 of real conversations. */
export function conversation(): StoredMessage[] {
  const transcripts = new URL('../../../../../shared/transcripts/airline.langchain.jsonl', import.meta.url)
  const lines = existsSync(transcripts) ? readFileSync(transcripts, 'utf8').trim().split('\n') : []
  return [...SMALL, ...lines.flatMap(line => JSON.parse(line).messages as StoredMessage[])]
}

const EMPTY = () => ({ additional_kwargs: {}, response_metadata: {} })
const SMALL: StoredMessage[] = [
  stored('system', { content: 'You book trains. Today is 2026-11-20.', ...EMPTY(), id: 's1' }),
  stored('human', { content: 'Köln → Zürich, morgen früh? 🚆', ...EMPTY(), id: 'h1', name: 'mia' }),
  stored('ai', {
    content: [{ type: 'text', text: 'Let me look.' }],
    ...EMPTY(),
    id: 'a1',
    tool_calls: [{ name: 'trains', args: { from: 'Köln', to: 'Zürich', at: '2026-11-21T06:00' }, id: 'c1', type: 'tool_call' }],
    invalid_tool_calls: [],
    usage_metadata: { input_tokens: 61, output_tokens: 24, total_tokens: 85, output_token_details: { reasoning: 0 } },
  }),
  stored('tool', {
    content: '[{"train":"ICE 105","dep":"05:54"}]',
    ...EMPTY(),
    tool_call_id: 'c1',
    name: 'trains',
    status: 'success',
    artifact: { rows: [[105, 354.5]] },
  }),
  stored('ai', { content: 'ICE 105 leaves at "05:54".\nBook it?', ...EMPTY(), id: 'a2', tool_calls: [], invalid_tool_calls: [] }),
]
