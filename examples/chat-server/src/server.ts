import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HistoryStore, StoredMessage } from '@hist/core'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { respondToError } from './errors.js'
import { answer } from './model.js'

const MAX_BODY_BYTES = 64 * 1_024
const MAX_PAGE = 200
const MAX_SESSIONS = 1_000
/** Less than what an orchestrator leaves between SIGTERM and SIGKILL. */
const STOP_WITHIN_MS = 25_000

export function createApp(store: HistoryStore): Hono {
  const app = new Hono()
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: context => context.json({ error: 'TOO_LARGE' }, 413) }))
  app.onError(respondToError)

  app.get('/healthz', context => context.text('ok'))

  app.get('/sessions', async context => {
    const sessions: string[] = []
    for await (const session of store.sessions({ prefix: context.req.query('prefix'), signal: context.req.raw.signal })) {
      if (sessions.length === MAX_SESSIONS) return context.json({ sessions, more: true })
      sessions.push(session)
    }
    return context.json({ sessions, more: false })
  })

  app.get('/sessions/:id/messages', async context => {
    const { limit = '50', before, after } = context.req.query()
    const { signal } = context.req.raw
    const chat = store.session(context.req.param('id'))
    return context.json(await chat.page({ limit: Math.min(Number(limit), MAX_PAGE), before, after, signal }))
  })

  // A key is the id of an append that is still to be made.
  app.post('/sessions/:id/keys', context => {
    return context.json({ key: store.session(context.req.param('id')).nextAppendId() }, 201)
  })

  app.post('/sessions/:id/messages', async context => {
    const chat = store.session(context.req.param('id'))
    const { signal } = context.req.raw
    const text = (await context.req.json())?.text
    if (typeof text !== 'string' || text === '')
      throw new HTTPException(400, { message: 'text must be a text that is not empty' })

    const key = context.req.header('Idempotency-Key')
    const window = await chat.messages({ last: 20, wholeTurns: true, signal })
    const earlier = window.findIndex(message => key !== undefined && message.data.id === key)
    if (earlier >= 0) return context.json({ reply: window[earlier + 1] })

    const question: StoredMessage = { type: 'human', data: { content: text } }
    const reply = await answer([...window, question], signal).catch(cause => {
      throw new HTTPException(502, { message: 'the model failed', cause })
    })
    // The turn's place in the session. The message carries it too, so that a repeat is recognised above.
    question.data.id = key ?? chat.nextAppendId()
    // Both or neither. Without the signal: a client that leaves now finds the turn when it comes back.
    await chat.append([question, reply], { id: question.data.id })
    return context.json({ reply })
  })

  app.delete('/sessions/:id', async context => {
    await store.session(context.req.param('id')).clear()
    return context.body(null, 204)
  })

  return app
}

export interface ChatServer {
  readonly port: number
  /** Accepts nothing more, lets the running requests finish, closes the store. */
  stop(): Promise<void>
}

export async function startServer(store: HistoryStore, port: number): Promise<ChatServer> {
  const app = createApp(store)
  const handle = getRequestListener(async request => {
    const response = await app.fetch(request)
    // Otherwise the end waits for the connections that clients keep open.
    if (!server.listening) response.headers.set('Connection', 'close')
    return response
  })
  const server = createServer(handle).listen(port)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const impatience = setTimeout(() => server.closeAllConnections(), STOP_WITHIN_MS)
      await new Promise(resolve => server.close(resolve))
      clearTimeout(impatience)
      await store.close()
    },
  }
}
