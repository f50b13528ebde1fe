import { randomBytes } from 'node:crypto'
import { type Call, HistoryError } from '@hist/core'
import { pause, pauseBefore } from '@hist/core/backend'
import { type Collection, type DocumentStatus, quoted } from '../collection.js'

/** Of the document's member `hist`, which Python's class removes when it overwrites the document. */
export interface Head {
  /** New after each clear, when places begin anew. */
  readonly epoch: string
  /**
   * Every patch of ours tests it, so that none that is late is applied once it has changed. It is unique, and begins with the append's id if
   * a repeat of that append set it. Undefined: the document has none yet.
   */
  readonly fence: string | undefined
}

export interface PatchOperation {
  readonly op: 'TEST' | 'ADD' | 'REPLACE'
  readonly path: string
  readonly value: unknown
}

/** One patch of several that make a change. */
export interface Step {
  readonly operations: readonly PatchOperation[]
  readonly isLast: boolean
}

/** What became of a patch; all that was accepted before it can be read. */
interface PatchAnswer {
  /** Of the document while it was applied. Undefined: there was no document. */
  readonly fence: string | undefined
  /** Why it was not applied. */
  readonly refusal: DocumentStatus | undefined
}

const MISSING: DocumentStatus = { status: 'ERROR', error: { type: 'NOTFOUND' } }
/** Sessions that are remembered; forgetting one costs its next change a query. */
const MOST_KNOWN = 10_000
/** Instead of a fence: a patch was sent, and what became of it cannot be read yet, or never will. */
const UNANSWERED = Symbol('unanswered')
/** Each repetition means that somebody else was faster. */
const MOST_REPETITIONS = 20

/** The documents of layout `'session'`: how they are changed so that nothing is lost, overwritten or done twice. */
export class Documents {
  readonly collection: Collection
  /** The list of messages in SQL, as a member of `h`. */
  readonly list: string
  /** The list of messages as a path of a patch. */
  readonly path: string
  readonly #known = new Map<string, string | typeof UNANSWERED>()

  constructor(collection: Collection) {
    const { messagesKey } = collection.settings
    this.collection = collection
    this.list = `h.${quoted(messagesKey)}`
    this.path = `/${messagesKey.replaceAll('~', '~0').replaceAll('/', '~1')}`
  }

  /** A patch of this store may still be on its way, and is applied then unless the fence was changed. */
  isUnanswered(session: string): boolean {
    return this.#known.get(session) === UNANSWERED
  }

  /** Undefined: there is no document. @throws HistoryError `INVALID_CONFIGURATION` if it has its messages elsewhere */
  async currentHead(session: string, call: Call): Promise<Head | undefined> {
    const { name, settings } = this.collection
    const query = `SELECT h.hist AS hist, TYPEOF(${this.list}) AS kind FROM ${name} h WHERE h._id = :s`
    const [row] = await this.collection.query<{ hist?: unknown; kind?: unknown }>(query, { s: session }, call)
    if (row === undefined) return undefined
    if (row.kind !== 'array') {
      const text = `Rockset: the session's document has no list ${settings.messagesKey} (messagesKey)`
      throw new HistoryError(text, { code: 'INVALID_CONFIGURATION' })
    }
    const { epoch, fence } = Object(row.hist) as Record<string, unknown>
    return {
      epoch: typeof epoch === 'string' ? epoch : '',
      fence: typeof fence === 'string' ? fence : undefined,
    }
  }

  /** One patch under the fence of `head`, which is made where it is missing. The operations may set another fence. */
  async #patch(session: string, head: Head | undefined, operations: readonly PatchOperation[], call: Call): Promise<PatchAnswer> {
    const first = head ?? newHead()
    const fence = first.fence ?? (await this.#adopt(session, call))
    if (fence === undefined) return { fence, refusal: MISSING }
    const patch = [{ op: 'TEST', path: '/hist/fence', value: fence }, ...operations]
    // Only `@hist/rockset-server` knows `upsert`; others say that the document is missing.
    const upsert = head === undefined ? { upsert: this.#empty(first) } : {}
    const refusal = await this.#send(session, { patch, ...upsert }, call)
    if (refusal === undefined) {
      const changed = fenceAfter(operations)
      if (changed !== undefined || !this.isUnanswered(session)) this.#remember(session, changed ?? fence)
    } else if (head === undefined && isMissing(refusal)) await this.#create(session, first, call)
    return { fence, refusal }
  }

  /**
   * Gives a document that has none a head. On its own, without messages: nothing can be tested before, and so it may be late.
   * @returns its fence; undefined: the document is missing
   */
  async #adopt(session: string, call: Call): Promise<string | undefined> {
    const head = newHead()
    const refusal = await this.#send(session, { patch: [{ op: 'ADD', path: '/hist', value: head }] }, call)
    if (refusal === undefined) return head.fence
    if (isMissing(refusal)) return undefined
    throw this.collection.refusal(refusal)
  }

  /**
   * Patches, step by step, under the current fence, which others may change in between.
   * @param next the step for a document as it is; undefined: all is done
   */
  async change(
    session: string,
    next: (head: Head | undefined) => Promise<Step | undefined> | Step | undefined,
    call: Call,
  ): Promise<void> {
    const known = this.#known.get(session)
    let head = typeof known === 'string' ? { epoch: '', fence: known } : await this.currentHead(session, call)
    for (let repetition = 0; repetition < MOST_REPETITIONS; repetition++) {
      const step = await next(head)
      if (step === undefined) return
      const { refusal, fence } = await this.#patch(session, head, step.operations, call)
      if (refusal === undefined) {
        if (step.isLast) return
        head = { epoch: '', fence: fenceAfter(step.operations) ?? fence }
        continue
      }
      const current = await this.currentHead(session, call)
      // Nobody was faster: it is the operations that cannot be done.
      if (current !== undefined && current.fence === fence && !isMissing(refusal)) throw this.collection.refusal(refusal)
      head = current
      if (repetition > 0) await pause(pauseBefore(repetition - 1), call)
    }
    throw new HistoryError('Rockset: other writers of the session were faster, again and again', { code: 'CONFLICT' })
  }

  /**
   * The window of servers without `upsert`: a document that another first writer made in the meantime is overwritten. Never for a reader.
   */
  async #create(session: string, head: Head, call: Call): Promise<void> {
    const { statuses, offset } = await this.collection.write('addDocuments', [{ _id: session, ...this.#empty(head) }], call)
    const [status] = statuses
    if (status?.status === 'ERROR') throw this.collection.refusal(status)
    await this.collection.waitFor(offset, call)
  }

  async #send(session: string, change: object, call: Call): Promise<DocumentStatus | undefined> {
    const before = this.#known.get(session)
    this.#remember(session, UNANSWERED)
    const { statuses, offset } = await this.collection.write('patchDocuments', [{ _id: session, ...change }], call)
    await this.collection.waitFor(offset, call)
    if (before !== UNANSWERED) this.#known.delete(session)
    const [status] = statuses
    return status?.status === 'PATCHED' ? undefined : (status ?? { status: 'ERROR' })
  }

  #empty(head: Head): object {
    return { [this.collection.settings.messagesKey]: [], hist: head }
  }

  #remember(session: string, fence: string | typeof UNANSWERED): void {
    this.#known.delete(session)
    this.#known.set(session, fence)
    const [oldest] = this.#known.size > MOST_KNOWN ? this.#known.keys() : []
    if (oldest !== undefined) this.#known.delete(oldest)
  }
}

/** @param append whose repeat sets the fence */
export function newFence(append = ''): string {
  return `${append}${append === '' ? '' : '.'}${newEpoch()}`
}

export function newEpoch(): string {
  return randomBytes(12).toString('base64url')
}

function newHead(): Head & { readonly fence: string } {
  return { epoch: newEpoch(), fence: newFence() }
}

function fenceAfter(operations: readonly PatchOperation[]): string | undefined {
  const change = operations.find(({ path }) => path === '/hist/fence')
  return typeof change?.value === 'string' ? change.value : undefined
}

function isMissing({ error }: DocumentStatus): boolean {
  return error?.type === 'NOTFOUND'
}
