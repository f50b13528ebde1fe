import { argumentError, type HistoryStore } from '@hist/core'
import { checkOptions, having, type OptionChecks } from '@hist/core/backend'
import { checkWindow, type HistoryWindow } from './window.js'

/** What every way to a history asks for. */
interface SharedOptions {
  store: HistoryStore
  window?: HistoryWindow | undefined
}

/** `session`, `report` and the like. */
export const callback = having('call', 'a function')

/** What to use instead of the names of others. */
const HINTS = {
  getMessageHistory: 'give the option store, a HistoryStore',
  history: 'give the option store, a HistoryStore',
  sessionId: 'a call names its session in configurable, or the option session does',
  threadId: 'a call names its session in configurable, or the option session does',
}

/** @throws TypeError naming the option */
export function checkSharedOptions(owner: string, options: SharedOptions, own: OptionChecks): void {
  const shared = {
    store: having('session', 'a HistoryStore'),
    session: callback,
    window: { be: 'a window', holds: () => true },
  }
  checkOptions(owner, options, { ...shared, ...own }, HINTS)
  if (options.store === undefined) throw argumentError(`${owner}: store is missing`)
  checkWindow(owner, options.window)
}
