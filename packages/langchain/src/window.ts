import { isDeepStrictEqual } from 'node:util'
import { argumentError, type ChatHistory, type Entry } from '@hist/core'
import { checkOptions, having, integer, windowChecks } from '@hist/core/backend'
import { fromStoredMessage } from '@hist/core/langchain'
import type { BaseMessage } from '@langchain/core/messages'
import { beginsTurn, type Exchange, exchangesOf } from './turns.js'

/**
 * How much of a history the model is shown: the newest part that stays within both limits. Without a limit, all of it.
 *
 * A call for tools and its results are shown together or not at all, whatever the limits.
 */
export interface HistoryWindow {
  /** At most so many messages, ≥ 1. @default no limit */
  last?: number | undefined
  /** At most so many tokens, ≥ 1, as `count` counts them; the new input is not among them. Needs `count`. @default no limit */
  maxTokens?: number | undefined
  /** Counts the tokens of messages: more messages, more tokens. Called a few times for each load. Needs `maxTokens`. */
  count?: ((messages: BaseMessage[]) => number | Promise<number>) | undefined
  /**
   * Begin with a human message, as some providers ask. If the newest turn alone is over a limit, the window is that turn's human message and
   * the newest of what followed it, or empty if not even the last of that is within the limit. `false`: begin anywhere. @default true
   */
  wholeTurns?: boolean | undefined
}

/** The newest entries of a history, as far as they were read. */
export interface NewestEntries {
  /** The ids of their messages. */
  ids: ReadonlySet<string>
  /** The oldest of them, if there are older ones. */
  older?: string | undefined
}

/** What the model is shown, of what was read. */
export interface LoadedWindow extends NewestEntries {
  /** All that was read, oldest first. */
  read: readonly BaseMessage[]
  /** Oldest first, each with an id of its own, in a form that every provider accepts. */
  messages: BaseMessage[]
}

interface LoadOptions {
  /** Entries to be read even if the window needs fewer, if there are so many. */
  atLeast?: number | undefined
  signal?: AbortSignal | undefined
}

interface ReadMessage {
  readonly message: BaseMessage
  readonly entry: Entry
}

/** Entries of the first page of a window that has no `last`. Later pages are as large as all before together, up to a limit. */
export const FIRST_PAGE = 50
export const LARGEST_PAGE = 500

const checks = { ...windowChecks, maxTokens: integer(1), count: having('call', 'a function') }

/** @throws TypeError naming the wrong member */
export function checkWindow(owner: string, window: HistoryWindow | undefined): void {
  if (window === undefined) return
  checkOptions(`${owner}: window`, window, checks)
  if ((window.maxTokens === undefined) !== (window.count === undefined))
    throw argumentError(`${owner}: window: maxTokens and count need each other`)
}

/** Reads all, or from the newest entry back until the window is full. */
export async function loadWindow(
  history: ChatHistory,
  window: HistoryWindow = {},
  { atLeast = 1, signal }: LoadOptions = {},
): Promise<LoadedWindow> {
  const log: ReadMessage[] = []
  let messages: BaseMessage[] | undefined
  if (window.last === undefined && window.maxTokens === undefined) {
    for await (const entry of history.entries({ signal })) log.push(readMessage(entry))
    messages = exchangesOf(toldApart(log)).flat()
  }
  const limits = limitsOf(window)
  const first = Math.max(window.last ?? FIRST_PAGE, atLeast)
  let older: string | undefined
  while (messages === undefined) {
    const limit = Math.min(log.length < first ? first - log.length : log.length, LARGEST_PAGE)
    const page = await history.page({ limit, before: older, signal })
    log.unshift(...page.entries.map(readMessage))
    older = page.older
    messages = await newestPart(exchangesOf(toldApart(log)), limits, log.length, older === undefined)
  }
  const ids = new Set(log.flatMap(({ message, entry }) => [idOf(entry), `${message.id}`]))
  return { messages, ids, older, read: log.map(({ message }) => message) }
}

/** The message's own id, or one that is made of the entry's, and so the same whenever it is read. */
export function idOf(entry: Entry): string {
  return `${entry.message.data.id || ownIdOf(entry)}`
}

function ownIdOf({ id }: Entry): string {
  return `entry-${id}`
}

function readMessage(entry: Entry): ReadMessage {
  const id = idOf(entry)
  const message = fromStoredMessage(entry.message, { transfer: true })
  if (message.id !== id) setId(message, id)
  return { message, entry }
}

/** Some servers give the same id to many replies. A message with the id of another one is known by its entry's. */
function toldApart(log: readonly ReadMessage[]): BaseMessage[] {
  const byId = new Map<string | undefined, BaseMessage>()
  for (const { message, entry } of log) {
    const first = byId.get(message.id)
    if (first === undefined) byId.set(message.id, message)
    else if (!saysTheSame(first, message)) setId(message, ownIdOf(entry))
  }
  return log.map(({ message }) => message)
}

/** Whether one may be a copy of the other. */
export function saysTheSame(one: BaseMessage, other: BaseMessage): boolean {
  return isDeepStrictEqual(contentsOf(one), contentsOf(other))
}

function contentsOf(message: BaseMessage): unknown[] {
  const { tool_calls: calls = [], tool_call_id: answered } = message as { tool_calls?: unknown; tool_call_id?: unknown }
  return [message.getType(), message.content, calls, answered]
}

function setId(message: BaseMessage, id: string): void {
  message.id = id
  message.lc_kwargs.id = id
}

interface Limits {
  readonly wholeTurns: boolean
  /** Whether so many messages of the log are enough to choose from. */
  enough(read: number, messages: BaseMessage[]): Promise<boolean>
  hold(messages: BaseMessage[]): Promise<boolean>
}

function limitsOf({ last = Infinity, maxTokens = Infinity, count, wholeTurns = true }: HistoryWindow): Limits {
  const withinTokens = async (messages: BaseMessage[]) => {
    if (count === undefined || messages.length === 0) return true
    const tokens: unknown = await count(messages)
    if (typeof tokens !== 'number' || !(tokens >= 0)) throw argumentError('window: count must return a number of tokens')
    return tokens <= maxTokens
  }
  return {
    wholeTurns,
    enough: async (read, messages) => read >= last || !(await withinTokens(messages)),
    hold: async messages => messages.length <= last && (await withinTokens(messages)),
  }
}

/** Undefined: more of the log is needed to tell. */
async function newestPart(
  exchanges: readonly Exchange[],
  limits: Limits,
  read: number,
  complete: boolean,
): Promise<BaseMessage[] | undefined> {
  const all = exchanges.flat()
  if (complete && (await limits.hold(all))) return all
  if (!complete && !(await limits.enough(read, all))) return undefined
  const from = (first: number) => exchanges.slice(first).flat()
  const places = [...exchanges.keys()]
  if (!limits.wholeTurns) return longest(places, from, limits)
  const turns = places.filter(place => beginsTurn(exchanges[place]))
  const newest = turns.at(-1)
  if (newest === undefined) return complete ? longest(places, from, limits) : undefined
  const whole = await longest(turns, from, limits)
  if (whole.length > 0) return whole
  const question = exchanges[newest] ?? []
  return longest(places.slice(newest + 1), first => [...question, ...from(first)], limits)
}

/** The longest list within the limits, of those that begin at one of the places; empty if there is none. */
async function longest(
  places: readonly number[],
  listFrom: (place: number) => BaseMessage[],
  limits: Limits,
): Promise<BaseMessage[]> {
  let [least, most] = [0, places.length]
  let found: BaseMessage[] = []
  while (least < most) {
    const middle = Math.floor((least + most) / 2)
    const list = listFrom(places[middle] ?? 0)
    if (await limits.hold(list)) [found, most] = [list, middle]
    else least = middle + 1
  }
  return found
}
