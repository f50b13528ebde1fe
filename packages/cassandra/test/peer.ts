import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Another process with a store of its own. */
export interface Peer {
  readonly child: ChildProcess
  /** Exit code and signal. */
  readonly exited: Promise<unknown[]>
  append(session: string, ...texts: string[]): Promise<string>
  messages(session: string): Promise<string[]>
  clear(session: string): Promise<void>
  /** By how much its clock is off from now on. Only of a peer that began with an offset. */
  setClock(offsetMs: number): Promise<void>
  close(): Promise<unknown[]>
}

export function startPeer(options: object): Peer {
  if (!existsSync(fileURLToPath(new URL('../dist/store.js', import.meta.url))))
    throw new Error('build first: a process of its own loads dist')
  const child = fork(new URL('./peer.mjs', import.meta.url), [JSON.stringify(options)], {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit')
  const ask = async <T>(...request: unknown[]): Promise<T> => {
    child.send(request)
    const [answer] = await Promise.race([once(child, 'message'), exited])
    if (answer === null || typeof answer !== 'object') throw new Error(`the process ended with ${String(answer)}`)
    if ('error' in answer) throw new Error(String(answer.error))
    return answer.value as T
  }
  return {
    child,
    exited,
    append: (session, ...texts) => ask('append', session, ...texts),
    messages: session => ask('messages', session),
    clear: session => ask('clear', session),
    setClock: offsetMs => ask('setClock', offsetMs),
    close() {
      child.send(['close'])
      return exited
    },
  }
}
