import { argumentError, type HistoryStore } from '@hist/core'
import type { OptionCheck } from '@hist/core/backend'
import { Runnable, type RunnableConfig } from '@langchain/core/runnables'
import type { MessageKeys } from './run-messages.js'
import { RunnableWithChatHistory } from './runnable-with-chat-history.js'
import { checkSharedOptions } from './shared-options.js'
import type { HistoryWindow } from './window.js'

export interface WithChatHistoryOptions extends MessageKeys {
  /** Where the sessions are. Never closed here. */
  store: HistoryStore
  /** The session of a call, from its config. @default `configurable.sessionId` */
  session?: ((config: RunnableConfig) => string | undefined | Promise<string | undefined>) | undefined
  /** What the runnable is shown of the history. @default all of it */
  window?: HistoryWindow | undefined
}

const key: OptionCheck = { be: 'a string, not empty', holds: value => typeof value === 'string' && value !== '' }

/**
 * The runnable with a memory: it gets the session's history with its input, and input and output are stored.
 *
 * Of each call, the history is read once, the input is stored before the runnable starts, and the output when it ends: two appends, each
 * whole. Of a stream that is left early, aborted or fails, what had been given out is stored. Input messages with an id that one
 * of the newest messages has are not stored again.
 *
 * Calls reject with a `HistoryError` if a read or a write fails, with a `TypeError` if there is no session id, or if input or output hold
 * no messages, and with an `AggregateError` of both if a stream failed and what it had given out could not be stored.
 *
 * @throws TypeError for an unknown or wrong option
 */
export function withChatHistory<RunInput, RunOutput, CallOptions extends RunnableConfig = RunnableConfig>(
  runnable: Runnable<RunInput, RunOutput, CallOptions>,
  options: WithChatHistoryOptions,
): Runnable<RunInput, RunOutput, CallOptions> {
  checkSharedOptions('withChatHistory', options, { inputMessagesKey: key, outputMessagesKey: key, historyMessagesKey: key })
  const { store, session = sessionIdOf, window, ...keys } = options
  if (!Runnable.isRunnable(runnable)) throw argumentError('withChatHistory: the first argument must be a runnable')
  return new RunnableWithChatHistory(runnable, {
    ...keys,
    window: window && { ...window },
    async historyOf(config) {
      const sessionId = await session(config)
      if (sessionId) return store.session(sessionId)
      throw argumentError('withChatHistory: no session id; call with { configurable: { sessionId } }, or give the option session')
    },
  })
}

function sessionIdOf({ configurable }: RunnableConfig): string | undefined {
  return configurable?.sessionId
}
