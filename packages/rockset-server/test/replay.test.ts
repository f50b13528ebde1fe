// The exchanges that the unmodified clients had with a reference server, once more with this one.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Answer, startTestServer, type TestServer } from './test-server.js'

interface Exchange {
  readonly label: string
  readonly method: string
  readonly path: string
  readonly requestHeaders: Record<string, string>
  readonly requestBody?: unknown
  readonly requestBodyRaw?: string
  readonly status: number
  readonly responseBody: unknown
  readonly repeated?: number
}

const { meta, ...transcripts }: Record<'python' | 'js', Exchange[]> & { meta: object } = JSON.parse(
  readFileSync(new URL('./fixtures/rockset-http-transcripts.json', import.meta.url), 'utf8'),
)
/** Of the recording, as its notes tell. */
const recorded = { python: 102, js: 35 }
const sides = ['python', 'js'] as const

test('the recording is whole', () => {
  expect(meta).toBeDefined()
  const lengths = Object.entries(transcripts).map(([side, exchanges]) => [side, exchanges.length])
  expect(Object.fromEntries(lengths)).toEqual(recorded)
})

/** The reference server rounded it; see the note of the exchange. */
const exactInteger = '1152921504606846977'

describe.each(sides)('what the %s client sends', side => {
  test('is answered as the client expects', async () => {
    const server = await startTestServer({ readyDelayMs: 40 })
    let replayed = 0
    let lastOffset = 0
    for (const [index, exchange] of transcripts[side].entries()) {
      const name = `${side} ${index}: ${exchange.label}`
      const answer = await replay(server, exchange)
      expect(answer.status, `${name}: ${answer.text}`).toBe(exchange.status)
      expect(answer.headers.get('content-type'), name).toBe('application/json')
      expect(shapeOf(answer.body), name).toEqual(shapeOf(exchange.responseBody))
      if (exchange.label === 'big int read') expect(answer.text).toContain(exactInteger)
      if (exchange.path.endsWith('/docs') && answer.status === 200) {
        const number = Number(answer.body.last_offset.split(':').at(-1))
        expect(number, name).toBeGreaterThan(lastOffset)
        lastOffset = number
      }
      replayed += 1
    }
    expect(replayed).toBe(recorded[side])
  })
})

async function replay(server: TestServer, exchange: Exchange): Promise<Answer> {
  const headers = { ...exchange.requestHeaders }
  headers.authorization =
    exchange.label === 'empty api key' ? 'ApiKey ' : (headers.authorization ?? '').replace('<key>', 'secret')
  const body = exchange.requestBodyRaw ?? (exchange.requestBody === null ? undefined : JSON.stringify(exchange.requestBody))
  const send = async (): Promise<Answer> => {
    const response = await fetch(server.url + exchange.path, {
      method: exchange.method,
      headers,
      ...(body !== undefined && { body }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, body: JSON.parse(text) }
  }
  let answer = await send()
  const wanted = statusOf(exchange.responseBody)
  for (let attempt = 0; wanted === 'READY' && statusOf(answer.body) === 'CREATED' && attempt < 500; attempt += 1)
    answer = await send()
  return answer
}

function statusOf(body: unknown): unknown {
  return (body as { data?: { status?: unknown } }).data?.status
}

const free = new Set(['trace_id', 'query_id', 'patch_id', 'created_at', 'elapsed_time_ms', 'message', 'column'])
const offset = /^f1:0:0:0:\d+$/

/** What is to be equal: results as they are; of the rest names, types, and the values that programs decide by. */
function shapeOf(value: unknown, member = ''): unknown {
  if (member === 'results') return JSON.parse(JSON.stringify(value))
  if (member === 'column_fields') return 'columns'
  if (Array.isArray(value)) return value.map(element => shapeOf(element))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shapeOf(part, name)]))
  }
  if (value === 'REPLACED') return 'ADDED'
  if (typeof value === 'string' && offset.test(value)) return 'offset'
  return free.has(member) ? typeof value : value
}
