import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Answer, Fault, Rewrite } from './fault.js'

export interface ProxyRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** The operation of an AWS request (`x-amz-target`), such as `PutItem`; of any other request method and path: `GET /items`. */
  readonly operation: string
  /** 1 for the first request of this operation since the start or the last `reset`. */
  readonly nth: number
  readonly body: Buffer
  json(): unknown
}

/** Decides what happens to a request; nothing said is `'pass'`. A promise holds the request until it resolves. */
export type Rule = (request: ProxyRequest) => Fault | undefined | Promise<Fault | undefined>

/** An HTTP proxy on 127.0.0.1 in front of one endpoint. Bytes are forwarded as they are, unless a rule changes them. */
export interface FaultProxy {
  /** Give it to the client instead of the endpoint: `http://127.0.0.1:<port>`. */
  readonly url: string
  /** Requests so far by operation. */
  readonly counts: ReadonlyMap<string, number>
  /** Requests of one operation so far. */
  count(operation: string): number
  /** Connections of clients that are open now. */
  connections(): number
  /** Replaces the rule; without one everything passes. */
  use(rule?: Rule): void
  /** Starts counting anew and lets everything pass. */
  reset(): void
  /** Cuts every connection and stops listening. Rejects with the first error that a rule threw: it looked like a lost connection. */
  close(): Promise<void>
}

interface ServerAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** @param target the endpoint's URL; only its origin is used */
export async function startFaultProxy(target: string, firstRule?: Rule): Promise<FaultProxy> {
  const origin = new URL(target)
  const agent = new Agent({ keepAlive: true })
  const counts = new Map<string, number>()
  const sockets = new Set<Socket>()
  let rule = firstRule
  let ruleFailure: { error: unknown } | undefined
  const decide = async (request: ProxyRequest): Promise<Fault> => {
    try {
      return (await rule?.(request)) ?? 'pass'
    } catch (error) {
      ruleFailure ??= { error }
      throw error
    }
  }

  const server = createServer(async (incoming, outgoing) => {
    try {
      const request = await readRequest(incoming, counts)
      await play(await decide(request), request, outgoing, body => forward(origin, agent, request, body))
    } catch {
      outgoing.destroy()
    }
  })
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    count: operation => counts.get(operation) ?? 0,
    connections: () => sockets.size,
    use(next) {
      rule = next
    },
    reset() {
      rule = undefined
      counts.clear()
    },
    async close() {
      agent.destroy()
      await new Promise(resolve => {
        server.close(resolve)
        server.closeAllConnections()
      })
      if (ruleFailure !== undefined) throw ruleFailure.error
    },
  }
}

async function readRequest(incoming: IncomingMessage, counts: Map<string, number>): Promise<ProxyRequest> {
  const body = await readAll(incoming)
  const { method = 'GET', url: path = '/', headers } = incoming
  const target = headers['x-amz-target']
  const operation = typeof target === 'string' ? target.slice(target.indexOf('.') + 1) : `${method} ${path.split('?')[0]}`
  const nth = (counts.get(operation) ?? 0) + 1
  counts.set(operation, nth)
  return { method, path, headers, operation, nth, body, json: () => JSON.parse(body.toString()) }
}

async function play(
  fault: Fault,
  request: ProxyRequest,
  outgoing: ServerResponse,
  send: (body?: Buffer) => Promise<ServerAnswer>,
): Promise<void> {
  if (typeof fault === 'object') {
    if ('status' in fault) return giveAnswer(outgoing, fault)
    return giveRewritten(outgoing, fault, await send(fault.forward === undefined ? request.body : jsonBytes(fault.forward)))
  }
  switch (fault) {
    case 'drop-before':
      outgoing.destroy()
      return
    case 'error-before':
      return giveAnswer(outgoing, SERVER_ERROR)
    case 'hang-before':
      return
  }
  const answer = await send()
  switch (fault) {
    case 'pass':
      outgoing.writeHead(answer.status, answer.headers).end(answer.body)
      return
    case 'drop-after':
      outgoing.destroy()
      return
    case 'truncate':
      return giveHalf(outgoing, answer)
    case 'error-after':
      return giveAnswer(outgoing, SERVER_ERROR)
    case 'hang-after':
      return
  }
}

const SERVER_ERROR: Answer = { status: 500, body: { __type: 'InternalServerError', message: 'injected by the fault proxy' } }

function giveAnswer(outgoing: ServerResponse, { status, body, contentType = 'application/json' }: Answer): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : jsonBytes(body)
  outgoing.writeHead(status, { 'content-type': contentType, 'content-length': bytes.length }).end(bytes)
}

function giveRewritten(outgoing: ServerResponse, { rewrite }: Rewrite, answer: ServerAnswer): void {
  const bytes = jsonBytes(rewrite(JSON.parse(answer.body.toString())))
  // The checksum is that of the old body, and the SDK may look at it.
  const { 'x-amz-crc32': _checksum, 'transfer-encoding': _chunked, ...headers } = answer.headers
  outgoing.writeHead(answer.status, { ...headers, 'content-length': bytes.length }).end(bytes)
}

/** The head promises all of the body, so that the client notices. */
function giveHalf(outgoing: ServerResponse, answer: ServerAnswer): void {
  const { 'transfer-encoding': _chunked, ...headers } = answer.headers
  outgoing.writeHead(answer.status, { ...headers, 'content-length': answer.body.length })
  outgoing.write(answer.body.subarray(0, answer.body.length >> 1), () => outgoing.destroy())
}

function forward(origin: URL, agent: Agent, request: ProxyRequest, body = request.body): Promise<ServerAnswer> {
  return new Promise((resolve, reject) => {
    const { 'transfer-encoding': _chunked, ...headers } = request.headers
    const outgoing = httpRequest(
      {
        agent,
        host: origin.hostname,
        port: origin.port,
        method: request.method,
        path: request.path,
        headers: { ...headers, 'content-length': body.length },
      },
      async incoming => {
        try {
          resolve({ status: incoming.statusCode ?? 502, headers: incoming.headers, body: await readAll(incoming) })
        } catch (error) {
          reject(error)
        }
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function jsonBytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}
