import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import createFastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { RequestError } from '../errors.js'
import { stringifyJson } from '../json/stringify.js'
import { isName } from '../names.js'
import { authenticate } from './authentication.js'
import { readBody } from './body.js'
import { errorAnswer } from './error-answer.js'
import type { ServerLogger } from './log.js'
import { JsonChunks } from './query-answer.js'
import { methods, type Route } from './route.js'

export interface ApplicationOptions {
  readonly routes: readonly Route[]
  readonly apiKey: string | undefined
  readonly logger: ServerLogger | undefined
}

// Python's class lengthens the User-Agent of its client with each instance: the 1,620th would be refused by Node's default of 16 KB.
const maxHeaderSize = 131_072

/** The routes over HTTP: keys, bodies, and one form for all errors. */
export function createApplication({ routes, apiKey, logger }: ApplicationOptions): FastifyInstance {
  const application = createFastify({
    http: { maxHeaderSize },
    routerOptions: { maxParamLength: maxHeaderSize },
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    requestTimeout: 300_000,
    // Clients given a host that ends in "/" ask for "//v1/…".
    rewriteUrl: ({ url = '/' }) => url.replace(/^\/+/, '/'),
    frameworkErrors: (error, _request, reply) => sendError(reply, error),
    clientErrorHandler: refuse,
  })
  // Node's default leaves out all headers after the first 1,000, without a word.
  application.server.maxHeadersCount = 0
  // Fastify's own refuses __proto__ and rounds integers.
  application.removeAllContentTypeParsers()
  application.addContentTypeParser('application/json', async (_request: FastifyRequest, stream: IncomingMessage) =>
    readBody(stream),
  )

  let isClosing = false
  application.addHook('preClose', async () => {
    isClosing = true
  })
  application.addHook('onRequest', async request => {
    if (isClosing) throw new RequestError('NOT_READY', 'The server is stopping.')
    if (request.routeOptions.url !== '/health') authenticate(request.headers, apiKey)
  })
  // A connection that stays open would be waited for.
  application.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close')
  })
  application.addHook('onResponse', async (request, reply) => logger?.info(fieldsOf(request, reply), 'answered'))
  application.setErrorHandler((error, request, reply) => {
    sendError(reply, error)
    if (reply.statusCode >= 500)
      logger?.error({ ...fieldsOf(request, reply), error: String((error as Error).stack ?? error) }, 'failed')
  })
  application.setNotFoundHandler(({ method, url }, reply) =>
    sendError(reply, new RequestError('NOTFOUND', `HTTP 404 ${method} ${url}`)),
  )

  application.get('/health', (_request, reply) => send(reply, 200, { status: 'ok' }))
  for (const { method, path, answer } of routes) {
    application.route({
      method,
      url: path,
      handler: (request, reply) => {
        const names = request.params as Record<string, string>
        checkNames(names)
        send(reply, 200, answer({ names, body: request.body as Parameters<Route['answer']>[0]['body'] }))
      },
    })
  }
  refuseOtherMethods(application, [...routes, { method: 'GET', path: '/health' }])
  return application
}

/** A name that none can have is one that is not there, and is never looked up. */
function checkNames({ workspace, collection }: Readonly<Record<string, string>>): void {
  for (const name of [workspace, collection]) {
    if (name !== undefined && !isName(name))
      throw new RequestError('NOTFOUND', `${JSON.stringify(name)} is no name of a workspace or collection`)
  }
}

function refuseOtherMethods(application: FastifyInstance, routes: readonly Pick<Route, 'method' | 'path'>[]): void {
  for (const path of new Set(routes.map(route => route.path))) {
    const allowed = routes.filter(route => route.path === path).map(route => route.method)
    application.route({
      method: [...methods, 'HEAD', 'OPTIONS'].filter(method => !allowed.some(known => known === method)),
      url: path,
      handler: ({ method }, reply) => {
        reply.header('allow', allowed.join(', '))
        sendError(reply, new RequestError('INVALIDINPUT', `HTTP 405 ${method} is not allowed here`, 405))
      },
    })
  }
}

function send(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  reply.code(status).header('content-type', 'application/json')
  const chunks = body instanceof JsonChunks ? body.chunks : [Buffer.from(stringifyJson(body))]
  if (chunks.length === 1) return reply.send(chunks[0])
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  return reply.header('content-length', length).send(Readable.from(chunks, { objectMode: false }))
}

function sendError(reply: FastifyReply, error: unknown): void {
  const { status, body } = errorAnswer(error)
  send(reply, status, body)
}

function fieldsOf(request: FastifyRequest, reply: FastifyReply): Record<string, unknown> {
  const path = request.url.split('?')[0]
  return {
    requestId: request.id,
    method: request.method,
    path,
    status: reply.statusCode,
    milliseconds: Math.round(reply.elapsedTime * 10) / 10,
  }
}

/** For what Node cannot read as a request, headers that are too large among it. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy()
  const isTooLarge = error.code === 'HPE_HEADER_OVERFLOW'
  const status = isTooLarge ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  const message = isTooLarge ? `The headers are larger than ${maxHeaderSize} bytes.` : 'This is no HTTP request.'
  const body = stringifyJson(errorAnswer(new RequestError('INVALIDINPUT', message, status)).body)
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}`
  socket.end(`${head}\r\nConnection: close\r\n\r\n${body}`)
}
