import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RocksetServer, type RocksetServerOptions, startRocksetServer } from '@hist/rockset-server'
import { onTestFinished } from 'vitest'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: what it holds is what the tests ask.
  readonly body: any
}

export interface TestServer extends RocksetServer {
  /** @param path After `/v1/orgs/self`. @param body Text is sent as it is. */
  request(method: string, path: string, body?: unknown): Promise<Answer>
  /** Makes a collection in `commons` and waits until it is ready. @returns its path */
  createCollection(name: string): Promise<string>
  /** @returns the rows */
  query(query: string, parameters?: Record<string, string>): Promise<Record<string, unknown>[]>
}

/** Stopped after the test. */
export async function startTestServer(options: Partial<RocksetServerOptions> = {}): Promise<TestServer> {
  const server = await startRocksetServer({ data: ':memory:', readyDelayMs: 0, ...options })
  onTestFinished(() => server.close())
  return connect(server, options.apiKey ?? 'any')
}

export function connect(server: RocksetServer, apiKey: string): TestServer {
  const request = (method: string, path: string, body?: unknown) =>
    send(`${server.url}/v1/orgs/self${path}`, method, body, apiKey)
  return {
    ...server,
    request,
    createCollection: async name => {
      await request('POST', '/ws/commons/collections', { name })
      return `/ws/commons/collections/${name}`
    },
    query: async (query, parameters = {}) => {
      const list = Object.entries(parameters).map(([name, value]) => ({ name, type: 'string', value }))
      const { status, body } = await request('POST', '/queries', { sql: { query, parameters: list } })
      if (status !== 200) throw new Error(`${status} ${body.message}`)
      return body.results
    },
  }
}

export async function send(url: string, method: string, body?: unknown, apiKey = 'any'): Promise<Answer> {
  const hasBody = body !== undefined
  const response = await fetch(url, {
    method,
    headers: { authorization: `ApiKey ${apiKey}`, ...(hasBody && { 'content-type': 'application/json' }) },
    ...(hasBody && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) }
}

/** Path of a database file in a folder that is gone after the test. */
export function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hist-rockset-server-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'data.db')
}
