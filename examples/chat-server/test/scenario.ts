import { once } from 'node:events'
import { Agent, type ClientRequest, request } from 'node:http'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Program, type Running, removeProgram, startProgram } from './program.js'

const SESSIONS = 40
const TURNS = 3

interface Row {
  readonly id: string
  readonly message: { readonly type: string; readonly data: { readonly content: string } }
}

interface Page {
  readonly entries: readonly Row[]
  readonly older?: string
  readonly newer?: string
}

/** The same for every store. `open` gives a program whose store holds nothing. */
export function chatServerScenario(open: () => Promise<Program>): void {
  let program: Program
  let first: Running
  let second: Running

  beforeAll(async () => {
    program = await open()
    ;[first, second] = await Promise.all([startProgram(program), startProgram(program)])
  })

  afterAll(async () => {
    for (const { child, exited } of [first, second].filter(running => running !== undefined)) {
      child.kill('SIGKILL')
      await exited
    }
    await removeProgram(program)
  })

  test('many sessions at once: each reply follows from that session’s turns, whichever process runs them', {
    timeout: 120_000,
  }, async () => {
    for (const turn of range(TURNS)) {
      const { url } = turn % 2 === 0 ? first : second
      const replies = await Promise.all(range(SESSIONS).map(id => say(url, `user-${id}`, `${id}/${turn}`)))
      const expected = range(SESSIONS).map(id => {
        const said = range(turn + 1).map(earlier => `${id}/${earlier}`)
        return `You have said ${said.length}: ${said.join(', ')}.`
      })
      expect(replies).toEqual(expected)
    }
    const { sessions, more } = await getJson<{ sessions: string[]; more: boolean }>(`${second.url}/sessions?prefix=user-1`)
    expect([sessions.sort(), more]).toEqual([['user-1', ...range(10).map(digit => `user-1${digit}`)], false])
  })

  test('pages both ways', async () => {
    for (const turn of range(5)) await say(first.url, 'a/b ☃', `${turn}`)
    const messages = `${second.url}/sessions/${encodeURIComponent('a/b ☃')}/messages`
    const page = (query = '') => getJson<Page>(`${messages}?limit=4${query}`)
    const toOldest = [await page()]
    expect(toOldest[0]?.newer).toBeUndefined()
    for (let older = toOldest[0]?.older; older !== undefined; older = toOldest.at(-1)?.older)
      toOldest.push(await page(`&before=${older}`))
    const toNewest = toOldest.slice(-1)
    for (let newer = toNewest[0]?.newer; newer !== undefined; newer = toNewest.at(-1)?.newer)
      toNewest.push(await page(`&after=${newer}`))

    expect(toOldest.map(({ entries }) => entries.length)).toEqual([4, 4, 2])
    expect(toOldest.reverse().flatMap(questions)).toEqual(['0', '1', '2', '3', '4'])
    expect(toNewest.flatMap(questions)).toEqual(['0', '1', '2', '3', '4'])
  })

  test('a turn repeated with its key, by both processes at once and later, is there once', async () => {
    const { key } = await getJson<{ key: string }>(`${first.url}/sessions/repeated/keys`, { method: 'POST' })
    const replies = await Promise.all([first, second, first].map(({ url }) => say(url, 'repeated', 'hi', key)))
    expect(replies).toEqual(Array(3).fill('You have said 1: hi.'))
    expect(await say(first.url, 'repeated', 'again')).toBe('You have said 2: hi, again.')
    expect(await say(second.url, 'repeated', 'hi', key)).toBe('You have said 1: hi.')
    expect(questions(await getJson<Page>(`${first.url}/sessions/repeated/messages`))).toEqual(['hi', 'again'])
  })

  test('delete', async () => {
    await say(first.url, 'deleted', 'hi')
    expect((await fetch(`${second.url}/sessions/deleted`, { method: 'DELETE' })).status).toBe(204)
    expect(await getJson(`${first.url}/sessions/deleted/messages`)).toEqual({ entries: [] })
    expect(await say(first.url, 'deleted', 'hi again')).toBe('You have said 1: hi again.')
  })

  test('what a client gets wrong', async () => {
    const post = (body: string, headers: Record<string, string> = {}, session = 'wrong') =>
      statusOf(fetch(`${first.url}/sessions/${session}/messages`, { method: 'POST', body, headers }))
    const get = (path: string) => statusOf(fetch(`${first.url}/${path}`))
    await say(first.url, 'other', 'hi')
    const foreign = await getJson<Page>(`${first.url}/sessions/other/messages`)

    expect(await post('{"text":')).toBe(400)
    expect(await post('null')).toBe(400)
    expect(await post('{"text":1}')).toBe(400)
    expect(await post('{"text":"hi"}', { 'Idempotency-Key': 'mine' })).toBe(400)
    expect(await post('{"text":"hi"}', {}, 'x'.repeat(1_025))).toBe(400)
    expect(await post(JSON.stringify({ text: 'x'.repeat(70_000) }))).toBe(413)
    const chunked = { method: 'POST', body: new Blob(['x'.repeat(70_000)]).stream(), duplex: 'half' } as const
    expect(await statusOf(fetch(`${first.url}/sessions/wrong/messages`, chunked))).toBe(413)
    expect(await get('sessions/wrong/messages?limit=many')).toBe(400)
    expect(await get('sessions/wrong/messages?limit=0')).toBe(400)
    expect(await get('sessions/wrong/messages?before=x')).toBe(400)
    expect(await get(`sessions/wrong/messages?before=${foreign.entries[0]?.id}`)).toBe(400)
    expect(await get('sessions/wrong/nothing')).toBe(404)
    expect(await getJson(`${first.url}/sessions/wrong/messages`)).toEqual({ entries: [] })
    expect(await get('healthz')).toBe(200)
  })

  test('SIGTERM: what runs is answered and kept, new connections are refused, the process ends', {
    timeout: 60_000,
  }, async () => {
    const agent = new Agent({ keepAlive: true })
    const running = await startProgram(program)
    const turns = range(30).map(id => beginTurn(running.url, `last-${id}`, agent))
    // The server says 100 Continue when it has begun the request.
    await Promise.all(turns.map(({ begun }) => begun))
    for (const { send } of turns.filter((_, id) => id % 2 === 0)) send()
    const asked = performance.now()
    running.child.kill('SIGTERM')
    await refused(running.url)
    for (const { send } of turns.filter((_, id) => id % 2 === 1)) send()

    const answers = await Promise.all(turns.map(({ answer }) => answer))
    expect(answers).toEqual(Array(30).fill([200, 'close', 'You have said 1: bye.']))
    expect(await running.exited).toEqual([0, null])
    expect(performance.now() - asked).toBeLessThan(20_000)
    expect(running.errors()).toBe('')
    for (const id of range(30))
      expect(questions(await getJson<Page>(`${first.url}/sessions/last-${id}/messages`))).toEqual(['bye'])
    agent.destroy()
  })

  test('SIGINT, with nothing to do', async () => {
    const { child, exited } = await startProgram(program)
    child.kill('SIGINT')
    expect(await exited).toEqual([0, null])
  })

  test('nothing was logged as an error', () => {
    expect([first.errors(), second.errors()]).toEqual(['', ''])
  })
}

async function say(url: string, session: string, text: string, key?: string): Promise<string> {
  const { reply } = await getJson<{ reply: Row['message'] }>(`${url}/sessions/${encodeURIComponent(session)}/messages`, {
    method: 'POST',
    body: JSON.stringify({ text }),
    headers: key === undefined ? {} : { 'Idempotency-Key': key },
  })
  return reply.data.content
}

async function getJson<Body>(url: string, init?: RequestInit): Promise<Body> {
  const response = await fetch(url, init)
  const body = await response.json()
  if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(body)}`)
  return body as Body
}

async function statusOf(response: Promise<Response>): Promise<number> {
  const { status, body } = await response
  await body?.cancel()
  return status
}

/** A turn whose body is not sent yet. */
function beginTurn(url: string, session: string, agent: Agent) {
  const body = JSON.stringify({ text: 'bye' })
  const headers = { Expect: '100-continue', 'Content-Length': Buffer.byteLength(body) }
  const turn: ClientRequest = request(`${url}/sessions/${session}/messages`, { method: 'POST', agent, headers })
  turn.flushHeaders()
  const answer = once(turn, 'response').then(async ([response]) => {
    const { reply } = (await json(response)) as { reply: Row['message'] }
    return [response.statusCode, response.headers.connection, reply.data.content]
  })
  return { begun: once(turn, 'continue'), send: () => turn.end(body), answer }
}

/** Resolves when nobody accepts connections any more. */
async function refused(url: string): Promise<void> {
  while (
    (await fetch(`${url}/healthz`).then(
      response => response.text(),
      () => 'refused',
    )) !== 'refused'
  );
}

function questions({ entries }: Page): string[] {
  return entries.filter(({ message }) => message.type === 'human').map(({ message }) => message.data.content)
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
