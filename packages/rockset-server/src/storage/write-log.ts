import type { Document } from '../documents.js'
import { parseJson } from '../json/parse.js'
import { stringifyJson } from '../json/stringify.js'
import type { Collection } from './catalog.js'
import type { CollectionDocuments, Write } from './collection-documents.js'
import { indexedMembers } from './index-keys.js'
import { encodeCount, encodeText, under } from './keys.js'
import { Slice } from './slice.js'
import type { Store, Table } from './store.js'

/** Documents as they will be once all writes accepted so far are applied; what a write reads. */
export interface WriteBatch {
  text(id: string): string | undefined
  write(write: Write): void
}

interface Pending {
  readonly offset: number
  readonly dueAt: number
}

/** As text: what a pending write does once it is applied. */
interface Effects {
  readonly workspace: string
  readonly collection: string
  readonly number: number
  readonly documents: readonly (readonly [id: string, text: string | null])[]
}

export interface WriteLogOptions {
  readonly store: Store
  /** Undefined if the collection is there no more. */
  readonly documentsOf: (collection: Pick<Collection, 'workspace' | 'name' | 'number'>) => CollectionDocuments | undefined
  readonly visibilityDelayMs: number
  readonly now: () => number
  readonly onError: (error: unknown) => void
}

const retryAfterMs = 1_000

/**
 * Accepts writes and applies them, in the same order. With a delay, a write is durable and has its offset at once and is applied later; what it
 * does is settled when it is accepted, upon everything accepted before, so that nothing acknowledged can fail afterwards.
 */
export class WriteLog {
  readonly #options: WriteLogOptions
  readonly #offsets: Table
  readonly #pendingTable: Table
  readonly #pending: Pending[] = []
  /** By collection and id, the newest text not yet applied; null for a deletion. */
  readonly #newest = new Map<number, Map<string, { readonly offset: number; readonly text: string | null }>>()
  #timer: NodeJS.Timeout | undefined

  /** Applies what an earlier process has left. */
  constructor(options: WriteLogOptions) {
    this.#options = options
    this.#offsets = options.store.table('offsets')
    this.#pendingTable = options.store.table('pending')
    for (const { value } of this.#pendingTable.scan(under(Buffer.alloc(0))))
      this.#pending.push({ offset: JSON.parse(value).offset, dueAt: 0 })
    this.#applyDue()
  }

  /** The offset up to which all writes can be read. */
  get applied(): number {
    return this.#counter('applied')
  }

  /** Runs `action` in one transaction, which may read what is accepted and add writes, and gives the request its offset. */
  accept<Result>(collection: Collection, documents: CollectionDocuments, action: (batch: WriteBatch) => Result) {
    const { store, visibilityDelayMs, now } = this.#options
    const writes = new Map<string, Write>()
    const accepted = store.transaction(() => {
      const result = action(this.#batch(documents, writes))
      const offset = this.#counter('accepted') + 1
      this.#offsets.put(encodeText('accepted'), String(offset))
      if (visibilityDelayMs > 0) this.#postpone(offset, collection, writes.values())
      else {
        for (const write of writes.values()) documents.write(write)
        this.#offsets.put(encodeText('applied'), String(offset))
      }
      return { result, offset }
    })
    if (visibilityDelayMs > 0) {
      this.#remember(collection.number, accepted.offset, writes.values())
      this.#pending.push({ offset: accepted.offset, dueAt: now() + visibilityDelayMs })
      this.#schedule()
    }
    return accepted
  }

  /** What is pending stays so, for the next start. */
  stop(): void {
    clearTimeout(this.#timer)
  }

  #batch(documents: CollectionDocuments, writes: Map<string, Write>): WriteBatch {
    return {
      text: id => {
        const write = writes.get(id)
        if (write) return write.next?.text
        const newest = this.#newest.get(documents.number)?.get(id)
        return newest ? (newest.text ?? undefined) : documents.text(id)
      },
      write: write => {
        const earlier = writes.get(write.id)
        // The index still has the members from before the request.
        writes.set(write.id, earlier ? { ...write, previousMembers: earlier.previousMembers } : write)
      },
    }
  }

  #postpone(offset: number, { workspace, name, number }: Collection, writes: Iterable<Write>): void {
    const documents = Array.from(writes, ({ id, next }) => [id, next?.text ?? null] as const)
    const effects: Effects = { workspace, collection: name, number, documents }
    this.#pendingTable.put(encodeCount(offset), stringifyJson({ offset, ...effects }))
  }

  #remember(number: number, offset: number, writes: Iterable<Write>): void {
    const newest = this.#newest.get(number) ?? new Map()
    for (const { id, next } of writes) newest.set(id, { offset, text: next?.text ?? null })
    this.#newest.set(number, newest)
  }

  #schedule(): void {
    const [first] = this.#pending
    if (!first || this.#timer) return
    this.#timer = setTimeout(() => this.#whenDue(), Math.max(0, first.dueAt - this.#options.now()))
  }

  #whenDue(): void {
    this.#timer = undefined
    try {
      this.#applyDue(new Slice())
      this.#schedule()
    } catch (error) {
      this.#options.onError(error)
      this.#timer = setTimeout(() => this.#whenDue(), retryAfterMs)
    }
  }

  #applyDue(slice?: Slice): void {
    for (let first = this.#pending[0]; first && first.dueAt <= this.#options.now(); first = this.#pending[0]) {
      if (slice?.isOver) return
      this.#apply(first.offset)
      this.#pending.shift()
    }
  }

  #apply(offset: number): void {
    const key = encodeCount(offset)
    const effects: Effects = JSON.parse(this.#pendingTable.get(key) ?? '{"documents":[]}')
    const { workspace, collection: name, number } = effects
    this.#options.store.transaction(() => {
      const documents = this.#options.documentsOf({ workspace, name, number })
      for (const [id, text] of documents ? effects.documents : []) documents?.write({ id, next: nextOf(text) })
      this.#pendingTable.delete(key)
      this.#offsets.put(encodeText('applied'), String(offset))
    })
    const newest = this.#newest.get(number)
    for (const [id] of effects.documents) if (newest?.get(id)?.offset === offset) newest.delete(id)
    if (newest?.size === 0) this.#newest.delete(number)
  }

  #counter(name: 'accepted' | 'applied'): number {
    return Number(this.#offsets.get(encodeText(name)) ?? 0)
  }
}

function nextOf(text: string | null): Write['next'] {
  return text === null ? undefined : { text, members: indexedMembers(parseJson(text) as Document) }
}
