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

/** @throws TypeError naming the option */
export function checkSharedOptions(owner: string, options: SharedOptions, own: OptionChecks): void {
  checkOptions(owner, options, {
    store: having('session', 'a HistoryStore'),
    session: callback,
    window: { be: 'a window', holds: () => true },
    ...own,
  })
  if (options.store === undefined) throw argumentError(`${owner}: store is missing`)
  checkWindow(owner, options.window)
}
