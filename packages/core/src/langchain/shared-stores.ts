import { createHash } from 'node:crypto'
import type { HistoryStore } from '@hist/core'

/** A share of a store; the store is closed when its last share is given back. */
export interface StoreLease {
  readonly store: HistoryStore
  /** Gives the share back; again: nothing more. */
  release(): Promise<void>
}

interface SharedStore {
  readonly store: HistoryStore
  leases: number
}

interface Registry {
  readonly stores: Map<string, SharedStore>
  /** Numbers of the clients, functions and the like in settings: the same in every copy, or two clients could pass for one. */
  readonly identities: WeakMap<object, number>
  identityCount: number
}

/**
 * The usual pattern makes a new history per call, and nobody closes those: instances with equal settings share one store, and so one
 * client. Kept on `globalThis`, so that an ESM and a CommonJS copy share too.
 */
const registries = globalThis as typeof globalThis & { [key: symbol]: Registry | undefined }
const REGISTRY = Symbol.for('@hist/core:shared-stores')

function registry(): Registry {
  registries[REGISTRY] ??= { stores: new Map(), identities: new WeakMap(), identityCount: 0 }
  return registries[REGISTRY]
}

/** @param owner the class; stores of two classes are never shared */
export function leaseStore<Options extends object>(
  owner: string,
  options: Options,
  create: (options: Options) => HistoryStore,
): StoreLease {
  const { stores } = registry()
  // Hashed: settings may hold credentials.
  const key = createHash('sha256')
    .update(`${owner} ${settingsKey(options)}`)
    .digest('base64url')
  const shared = stores.get(key) ?? { store: create(options), leases: 0 }
  stores.set(key, shared)
  if (stores.size > MANY_STORES) warnOfManyStores(owner)
  shared.leases++
  let released: Promise<void> | undefined
  return {
    store: shared.store,
    release() {
      released ??= giveBack(key, shared)
      return released
    },
  }
}

/** More different settings than an app has: something in them, such as an inline function, is new for every instance. */
const MANY_STORES = 100
let warned = false

function warnOfManyStores(owner: string): void {
  if (warned) return
  warned = true
  const text = `${owner}: more than ${MANY_STORES} stores are open, each with a client. Make functions and objects in its options once, or share a store`
  process.emitWarning(text, { type: 'HistoryWarning', code: 'MANY_STORES' })
}

async function giveBack(key: string, shared: SharedStore): Promise<void> {
  shared.leases--
  if (shared.leases > 0) return
  registry().stores.delete(key)
  await shared.store.close()
}

/** Equal text for equal settings: plain data by value, whatever the order of its keys; clients, functions and the like by identity. */
function settingsKey(value: unknown): string {
  if (typeof value === 'function') return identityOf(value)
  if (typeof value !== 'object' || value === null) return `${typeof value} ${JSON.stringify(String(value))}`
  if (Array.isArray(value)) return `[${value.map(settingsKey).join()}]`
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return identityOf(value)
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return `{${fields
    .map(([name, field]) => `${JSON.stringify(name)}:${settingsKey(field)}`)
    .sort()
    .join()}}`
}

function identityOf(value: object): string {
  const shared = registry()
  const known = shared.identities.get(value) ?? ++shared.identityCount
  shared.identities.set(value, known)
  return `#${known}`
}
