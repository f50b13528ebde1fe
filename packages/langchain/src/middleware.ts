import { argumentError, type ChatHistory, type HistoryStore } from '@hist/core'
import { oneOf } from '@hist/core/backend'
import { type BaseMessage, RemoveMessage } from '@langchain/core/messages'
import { conversationFrom } from './conversation.js'
import { continueRecording, type OnFailure, type Recording } from './recording.js'
import { removeIds } from './reply-ids.js'
import { callback, checkSharedOptions } from './shared-options.js'
import { isHistory } from './turns.js'
import { FIRST_PAGE, type HistoryWindow, loadWindow } from './window.js'

/** What is used of LangChain's `Runtime`. */
export interface AgentRuntime {
  readonly configurable?: { readonly thread_id?: string; readonly [key: string]: unknown } | undefined
  readonly signal?: AbortSignal | undefined
}

/** What is used of an agent's state. */
export interface AgentMessages {
  messages: BaseMessage[]
}

/** What a `report` is told beside the error. */
export interface FailureDetails {
  session: string
  /** All that is not stored so far, or perhaps not. */
  messages: BaseMessage[]
}

export interface ChatHistoryMiddlewareOptions {
  /** Where the sessions are. Never closed here. */
  store: HistoryStore
  /** The session of a run, the same in all of its steps. @default `configurable.thread_id` */
  session?: ((runtime: AgentRuntime) => string | undefined | Promise<string | undefined>) | undefined
  /**
   * - `'load-and-record'`: a run begins with the history in front of its input, and all that happens in it is stored
   * - `'record'`: it is stored only, for an agent that remembers by itself, with a checkpointer
   *
   * @default 'load-and-record'
   */
  mode?: 'load-and-record' | 'record' | undefined
  /** What of the history a run begins with. Not used with `mode: 'record'`. @default all of it */
  window?: HistoryWindow | undefined
  /**
   * - `'throw'`: a read or a write that fails ends the run with its error
   * - `'report'`: `report` hears of it, and the run goes on; each of its next steps tries again what may succeed then
   *
   * @default 'throw'
   */
  onError?: 'throw' | 'report' | undefined
  /**
   * Hears of each failure, and is waited for; what it throws ends the run. With `onError: 'report'` only.
   * @default Node's `process.emitWarning`
   */
  report?: ((error: unknown, details: FailureDetails) => void | Promise<void>) | undefined
}

/** For the `middleware` of `createAgent`. */
export interface ChatHistoryMiddleware {
  readonly name: string
  readonly beforeAgent: (state: AgentMessages, runtime: AgentRuntime) => Promise<AgentMessages | undefined>
  readonly wrapModelCall: <Request extends { readonly state: AgentMessages }, Response>(
    request: Request,
    handler: (request: Request) => Response | Promise<Response>,
  ) => Promise<Response>
  readonly beforeModel: (state: AgentMessages, runtime: AgentRuntime) => Promise<undefined>
  readonly afterModel: (state: AgentMessages, runtime: AgentRuntime) => Promise<undefined>
  readonly afterAgent: (state: AgentMessages, runtime: AgentRuntime) => Promise<undefined>
}

const OWNER = 'chatHistoryMiddleware'
/** `REMOVE_ALL_MESSAGES` of `@langchain/langgraph`. */
const REMOVE_ALL_MESSAGES = '__remove_all__'
/** What tells LangChain's middleware from other objects. */
const MIDDLEWARE_BRAND = Symbol.for('AgentMiddleware')

/**
 * An agent's memory: `createAgent({ model, tools, middleware: [chatHistoryMiddleware({ store })] })`. Each message is stored, once by its
 * id, before the run goes on: calls before the tools start, results before the model is called again. Put it first in the list of
 * middleware, so that it stores replies as the others leave them, and what there is before one of them ends the run; only one that ends it
 * after a reply belongs in front.
 *
 * What is loaded becomes part of the run's state; in a stream of messages or updates it comes first, from the node
 * `ChatHistoryMiddleware.before_agent`.
 *
 * Runs reject with a `HistoryError` if a read or a write fails, unless `onError` says otherwise, and with a `TypeError` without a session.
 *
 * @throws TypeError for an unknown or wrong option
 */
export function chatHistoryMiddleware(options: ChatHistoryMiddlewareOptions): ChatHistoryMiddleware {
  checkMiddlewareOptions(options)
  const { store, session = threadOf, mode = 'load-and-record', onError = 'throw', report = emitWarning } = options
  const window = { ...options.window }
  // What the steps of a run have in common is its messages. Nothing is kept for longer than they are.
  const recordings = new WeakMap<BaseMessage, Recording>()

  async function historyOf(runtime: AgentRuntime): Promise<ChatHistory> {
    const id: unknown = await session(runtime)
    if (typeof id === 'string' && id !== '') return store.session(id)
    throw argumentError(
      `${OWNER}: the run has no session; call the agent with { configurable: { thread_id } }, a string, or give the option session`,
    )
  }

  function failureIn({ sessionId }: ChatHistory): OnFailure {
    return async (error, messages) => {
      if (onError === 'throw') throw error
      await report(error, { session: sessionId, messages: messages.filter(isHistory) })
    }
  }

  async function record(messages: readonly BaseMessage[], recording: Recording): Promise<void> {
    await recording.store(messages, failureIn(recording.history))
    for (const message of messages) recordings.set(message, recording)
  }

  async function beforeAgent({ messages: given }: AgentMessages, runtime: AgentRuntime): Promise<AgentMessages | undefined> {
    const history = await historyOf(runtime)
    const begun = await attempt(failureIn(history), given, async () => {
      const { signal } = runtime
      const loaded = mode === 'record' ? undefined : await loadWindow(history, window, { atLeast: FIRST_PAGE, signal })
      return { loaded, ...(await continueRecording(history, given, { newest: loaded, signal })) }
    })
    if (begun === undefined) return undefined
    const { loaded, count, recording } = begun
    await record(given, recording)
    if (loaded === undefined || (loaded.messages.length === 0 && count === 0)) return undefined
    const messages = conversationFrom(loaded.messages, given, count)
    for (const message of messages) recordings.set(message, recording)
    return { messages: [new RemoveMessage({ id: REMOVE_ALL_MESSAGES }), ...messages] }
  }

  async function storeNew({ messages }: AgentMessages, runtime: AgentRuntime): Promise<undefined> {
    const history = await historyOf(runtime)
    const ofSession = (message: BaseMessage) => {
      const recording = recordings.get(message)
      return recording?.history.sessionId === history.sessionId ? recording : undefined
    }
    const ofRun = messages.map(ofSession).findLast(recording => recording !== undefined)
    const begun =
      ofRun ??
      // The run began in another process.
      (await attempt(failureIn(history), messages, async () => {
        const { recording } = await continueRecording(history, messages, { signal: runtime.signal })
        return recording
      }))
    // What another run has of the session is stored, though this recording may not know it.
    const unseen = messages.filter(message => ofSession(message) === undefined)
    if (begun !== undefined) await record(unseen, begun)
  }

  const wrapModelCall: ChatHistoryMiddleware['wrapModelCall'] = async (request, handler) => {
    const response = await handler(request)
    const { messages } = request.state
    removeIds(response, id => messages.some(message => message.id === id || recordings.get(message)?.has(id)))
    return response
  }

  const middleware: ChatHistoryMiddleware = {
    name: 'ChatHistoryMiddleware',
    beforeAgent,
    wrapModelCall,
    beforeModel: storeNew,
    afterModel: storeNew,
    afterAgent: storeNew,
  }
  return Object.assign(middleware, { [MIDDLEWARE_BRAND]: true })
}

/** Undefined: it failed, and that was reported. */
async function attempt<T>(onFailure: OnFailure, messages: BaseMessage[], read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    await onFailure(error, messages)
    return undefined
  }
}

function checkMiddlewareOptions(options: ChatHistoryMiddlewareOptions): void {
  checkSharedOptions(OWNER, options, {
    mode: oneOf('load-and-record', 'record'),
    onError: oneOf('throw', 'report'),
    report: callback,
  })
  if (options.report !== undefined && options.onError !== 'report')
    throw argumentError(`${OWNER}: report needs onError: 'report'`)
}

function threadOf({ configurable }: AgentRuntime): string | undefined {
  return configurable?.thread_id
}

function emitWarning(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error)
  process.emitWarning(`${OWNER}: ${reason}`, 'HistoryWarning')
}
