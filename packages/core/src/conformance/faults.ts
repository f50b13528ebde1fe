import {
  type BackendSupports,
  type Call,
  type EncodedBatch,
  type HistoryBackend,
  HistoryError,
  type HistoryErrorCode,
  isSessionLister,
  type RawSlice,
  type ReadRange,
  type SessionLister,
  type SessionSlice,
} from '@hist/core'

/** Does something before, after or instead of `next`, whatever the operation. */
export type Fault = <T>(next: () => Promise<T>) => Promise<T>

type SessionsRange = Parameters<SessionLister['sessions']>[0]

export type ReadFault = (
  next: (range?: ReadRange) => Promise<RawSlice>,
  range: ReadRange,
  session: string,
  call: Call,
) => Promise<RawSlice>

export type AppendFault = (
  next: (batch?: EncodedBatch) => Promise<void>,
  batch: EncodedBatch,
  session: string,
  call: Call,
) => Promise<void>
export type SessionsFault = (
  next: (range?: SessionsRange) => Promise<SessionSlice>,
  range: SessionsRange,
  call: Call,
) => Promise<SessionSlice>

/** What happens on the way to a backend. `next` goes on, with what it is given or as asked. */
export interface Faults {
  supports?: Partial<BackendSupports>
  timeouts?: NonNullable<HistoryBackend['timeouts']>
  append?: AppendFault
  read?: ReadFault
  clear?(next: () => ReturnType<HistoryBackend['clear']>, session: string, call: Call): ReturnType<HistoryBackend['clear']>
  sessions?: SessionsFault
  close?(next: () => Promise<void>): Promise<void>
}

/** The backend with faults between it and its store. */
export function withFaults(backend: HistoryBackend, faults: Faults): HistoryBackend {
  const { append, read, clear, sessions, close, timeouts = backend.timeouts } = faults
  const faulty: HistoryBackend = {
    name: backend.name,
    supports: { ...backend.supports, ...faults.supports },
    ...(backend.layout === undefined ? {} : { layout: backend.layout }),
    ...(timeouts === undefined ? {} : { timeouts }),
    append(session, batch, call) {
      const next = (other = batch) => backend.append(session, other, call)
      return append === undefined ? next() : append(next, batch, session, call)
    },
    read(session, range, call) {
      const next = (other = range) => backend.read(session, other, call)
      return read === undefined ? next() : read(next, range, session, call)
    },
    clear(session, call) {
      const next = () => backend.clear(session, call)
      return clear === undefined ? next() : clear(next, session, call)
    },
    close() {
      const next = () => backend.close()
      return close === undefined ? next() : close(next)
    },
  }
  if (!isSessionLister(backend)) return faulty
  const lister: SessionLister = {
    sessions(range, call) {
      const next = (other = range) => backend.sessions(other, call)
      return sessions === undefined ? next() : sessions(next, range, call)
    },
  }
  return { ...faulty, ...lister }
}

/** For a client that others go on using. */
export const borrowed: Faults = { close: async () => undefined }

export function failure(code: HistoryErrorCode, outcome?: 'failed' | 'unknown'): HistoryError {
  return new HistoryError(`planted: ${code}`, { code, ...(outcome === undefined ? {} : { outcome }) })
}

/** The request never arrives, and nobody knows. */
export function lostBefore(times = 1): Fault {
  return planted(times, async () => {
    throw failure('UNAVAILABLE')
  })
}

/** The request is carried out, its answer is lost. */
export function lostAfter(times = 1): Fault {
  return planted(times, async next => {
    await next()
    throw failure('UNAVAILABLE')
  })
}

/** Refused, as what `error` makes says. */
export function thrown(error: () => unknown, times = Number.POSITIVE_INFINITY): Fault {
  return planted(times, async () => {
    throw error()
  })
}

/** Never answers, and does not hear its signal either. */
export const deaf: Fault = () => new Promise(() => undefined)

export interface Gate {
  fault: Fault
  /** Resolves when the first call is at the gate; rejects if the operation that should bring it ends before. */
  arrival(operation: Promise<unknown>): Promise<void>
  open(): void
}

/** Holds every call until it is opened. */
export function gate(): Gate {
  let arrive: () => void = () => undefined
  let open: () => void = () => undefined
  const entered = new Promise<void>(resolve => {
    arrive = resolve
  })
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  const fault: Fault = async next => {
    arrive()
    await opened
    return next()
  }
  const arrival = (operation: Promise<unknown>) => {
    const early = operation.then(() => Promise.reject(new Error('the operation ended without calling the backend')))
    return Promise.race([entered, early])
  }
  return { fault, arrival, open }
}

/** Pages of at most so many entries, however many were asked for. */
export function pagesOf(size: number): ReadFault {
  return (next, range) => next({ ...range, limit: Math.min(range.limit ?? size, size) })
}

/** The first so many calls meet the fault, the others pass. */
export function planted(times: number, fault: Fault): Fault {
  let left = times
  return next => (left-- > 0 ? fault(next) : next())
}
