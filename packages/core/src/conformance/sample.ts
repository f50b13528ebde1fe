import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { ChatHistory, Entry, HistoryStore, Page, StoredMessage } from '@hist/core'

/** A walk that goes on longer has lost its way; without an end it would hold the whole process. */
const MOST_PAGES = 500
const ENDLESS = 100_000

/** Short text that nothing else in the database holds. */
export function unique(): string {
  return randomBytes(9).toString('hex')
}

export function human(content: string): StoredMessage {
  return { type: 'human', data: { content } }
}

/** One message per number: `prefix 0`, `prefix 1` … */
export function humans(prefix: string, count: number): StoredMessage[] {
  return Array.from({ length: count }, (_, index) => human(`${prefix} ${index}`))
}

/** An answer of the model that calls tools. */
export function calling(...ids: string[]): StoredMessage {
  return {
    type: 'ai',
    data: { content: '', tool_calls: ids.map(id => ({ name: 'search', args: { q: id }, id, type: 'tool_call' })) },
  }
}

export function toolResult(id: string): StoredMessage {
  return { type: 'tool', data: { content: `result of ${id}`, tool_call_id: id } }
}

export function text(message: StoredMessage): string {
  return String(message.data.content)
}

export async function read(chat: ChatHistory): Promise<string[]> {
  return (await chat.messages()).map(text)
}

export function texts(entries: readonly Entry[]): string[] {
  return entries.map(entry => text(entry.message))
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) {
    list.push(item)
    assert.ok(list.length <= ENDLESS, 'the iteration does not end')
  }
  return list
}

export function listed(store: HistoryStore, prefix: string): Promise<string[]> {
  return all(store.sessions({ prefix })).then(sessions => sessions.sort())
}

/** From the newest page to the oldest: what each page held, and the last page. */
export async function walkBack(chat: ChatHistory, limit: number): Promise<{ pages: string[][]; oldest: Page }> {
  const pages: string[][] = []
  let page = await chat.page({ limit })
  pages.unshift(texts(page.entries))
  while (page.older !== undefined) {
    page = await chat.page({ limit, before: page.older })
    pages.unshift(texts(page.entries))
    assert.ok(pages.length <= MOST_PAGES, 'older leads nowhere')
  }
  return { pages, oldest: page }
}

/** From a page to the newest. */
export async function walkOn(chat: ChatHistory, limit: number, from: Page): Promise<string[][]> {
  const pages: string[][] = []
  for (let page = from; page.newer !== undefined; ) {
    page = await chat.page({ limit, after: page.newer })
    pages.push(texts(page.entries))
    assert.ok(pages.length <= MOST_PAGES, 'newer leads nowhere')
  }
  return pages
}

/** Text that does not compress. */
export function noise(length: number): string {
  return randomBytes(Math.ceil((length * 3) / 4))
    .toString('base64url')
    .slice(0, length)
}
