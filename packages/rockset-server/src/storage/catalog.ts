import { RequestError } from '../errors.js'
import { encodeText, joinParts, under } from './keys.js'
import type { KeyRange, Store, Table } from './store.js'

export interface Workspace {
  readonly name: string
  readonly description?: string
}

export interface Collection {
  /** Never used again for another. */
  readonly number: number
  readonly workspace: string
  readonly name: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly description?: string
  readonly retentionSeconds?: number
}

export const defaultWorkspace = 'commons'
const everything: KeyRange = { from: Buffer.alloc(0), before: Buffer.of(0xff) }

/** Which workspaces and collections there are. Names are taken as they are; whoever calls has checked them. */
export class Catalog {
  readonly #store: Store
  readonly #workspaces: Table
  readonly #collections: Table
  readonly #counters: Table

  constructor(store: Store) {
    this.#store = store
    this.#workspaces = store.table('workspaces')
    this.#collections = store.table('collections')
    this.#counters = store.table('offsets')
    store.transaction(() => this.#workspace(defaultWorkspace) ?? this.#putWorkspace({ name: defaultWorkspace }))
  }

  workspaces(): readonly Workspace[] {
    return [...this.#workspaces.scan(everything)].map(({ value }) => JSON.parse(value))
  }

  /** @throws RequestError NOTFOUND */
  workspace(name: string): Workspace {
    const workspace = this.#workspace(name)
    if (!workspace) throw new RequestError('NOTFOUND', `Workspace '${name}' not found`)
    return workspace
  }

  /** @throws RequestError ALREADYEXISTS */
  createWorkspace(workspace: Workspace): Workspace {
    if (this.#workspace(workspace.name)) throw new RequestError('ALREADYEXISTS', `Workspace '${workspace.name}' already exists`)
    this.#store.transaction(() => this.#putWorkspace(workspace))
    return workspace
  }

  /** @throws RequestError NOTFOUND; INVALIDINPUT if it has collections, or is `commons`. */
  deleteWorkspace(name: string): Workspace {
    const workspace = this.workspace(name)
    if (name === defaultWorkspace) throw new RequestError('INVALIDINPUT', `Workspace '${name}' cannot be deleted`)
    if (this.collections(name).length > 0) throw new RequestError('INVALIDINPUT', `Workspace '${name}' has collections`)
    this.#store.transaction(() => this.#workspaces.delete(encodeText(name)))
    return workspace
  }

  /** In the order in which they were made. @param workspace If left out, the collections of all. */
  collections(workspace?: string): readonly Collection[] {
    const range = workspace === undefined ? everything : under(encodeText(workspace))
    const collections: Collection[] = Array.from(this.#collections.scan(range), ({ value }) => JSON.parse(value))
    return collections.sort((one, other) => one.number - other.number)
  }

  find(workspace: string, name: string): Collection | undefined {
    const text = this.#collections.get(keyOf({ workspace, name }))
    return text === undefined ? undefined : JSON.parse(text)
  }

  /** @throws RequestError NOTFOUND */
  collection(workspace: string, name: string): Collection {
    const collection = this.find(workspace, name)
    if (!collection) throw new RequestError('NOTFOUND', `Collection '${name}' not found in workspace '${workspace}'`)
    return collection
  }

  /** @throws RequestError NOTFOUND of the workspace, ALREADYEXISTS of the collection */
  createCollection(description: Omit<Collection, 'number'>): Collection {
    this.workspace(description.workspace)
    if (this.find(description.workspace, description.name)) {
      throw new RequestError('ALREADYEXISTS', `Collection '${description.name}' already exists`)
    }
    return this.#store.transaction(() => {
      const key = encodeText('last collection')
      const number = Number(this.#counters.get(key) ?? 0) + 1
      const collection = { number, ...description }
      this.#counters.put(key, String(number))
      this.#collections.put(keyOf(collection), JSON.stringify(collection))
      return collection
    })
  }

  /** Of the collection itself, not of its documents. To be called in a transaction. */
  deleteCollection(collection: Collection): void {
    this.#collections.delete(keyOf(collection))
  }

  #workspace(name: string): Workspace | undefined {
    const text = this.#workspaces.get(encodeText(name))
    return text === undefined ? undefined : JSON.parse(text)
  }

  #putWorkspace(workspace: Workspace): void {
    this.#workspaces.put(encodeText(workspace.name), JSON.stringify(workspace))
  }
}

function keyOf({ workspace, name }: Pick<Collection, 'workspace' | 'name'>): Uint8Array {
  return joinParts(encodeText(workspace), encodeText(name))
}
