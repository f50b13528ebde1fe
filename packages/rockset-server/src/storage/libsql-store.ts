import Database from 'libsql'
import { type KeyRange, type Store, type StoredPair, type Table, type TableName, tableNames } from './store.js'

/** "HRKS": a file of ours, and not any other program's SQLite database. */
const applicationId = 0x48_52_4b_53
const formatVersion = 1
const pairsPerPage = 200

type Connection = Database.Database

/**
 * @param file Path of the database, created if it is not there; `:memory:` for one that is lost at the end.
 * @throws Error if the file cannot be opened, is in use by another server, or was not written by this one.
 */
export function openLibsqlStore(file: string): Store {
  const connection = open(file)
  try {
    prepare(connection, file)
  } catch (error) {
    connection.close()
    throw refusal(error, file)
  }
  const tables = new Map<TableName, Table>(tableNames.map(name => [name, new LibsqlTable(connection, name)]))
  return new LibsqlStore(connection, tables)
}

class LibsqlStore implements Store {
  readonly #connection: Connection
  readonly #tables: ReadonlyMap<TableName, Table>
  #isInTransaction = false

  constructor(connection: Connection, tables: ReadonlyMap<TableName, Table>) {
    this.#connection = connection
    this.#tables = tables
  }

  table(name: TableName): Table {
    const table = this.#tables.get(name)
    if (!table) throw new Error(`no table ${name}`)
    return table
  }

  transaction<Result>(action: () => Result): Result {
    if (this.#isInTransaction) return action()
    this.#connection.exec('BEGIN IMMEDIATE')
    this.#isInTransaction = true
    try {
      const result = action()
      this.#connection.exec('COMMIT')
      return result
    } catch (error) {
      // A full disk has rolled back by itself.
      if (this.#connection.inTransaction) this.#connection.exec('ROLLBACK')
      throw error
    } finally {
      this.#isInTransaction = false
    }
  }

  close(): void {
    // libsql ends a connection when its statements are collected as garbage, so the lock is given back by hand: out of WAL, which also leaves one
    // file behind and no journal, then out of the exclusive mode, which the next access ends.
    try {
      for (const pragma of ['journal_mode = DELETE', 'locking_mode = NORMAL', 'user_version']) this.#connection.pragma(pragma)
    } finally {
      this.#connection.close()
    }
  }
}

class LibsqlTable implements Table {
  readonly #get: Statement
  readonly #put: Statement
  readonly #delete: Statement
  readonly #deleteSome: Statement
  readonly #count: Statement
  readonly #pages: { readonly ascending: Statement; readonly descending: Statement }

  constructor(connection: Connection, name: TableName) {
    // Rows as arrays: as objects, libsql adds a member of its own. Parameters always as one array: a lone Buffer is taken for named ones.
    const prepare = (sql: string) => connection.prepare(sql).raw() as unknown as Statement
    const change = (sql: string) => connection.prepare(sql) as unknown as Statement
    this.#get = prepare(`SELECT value FROM ${name} WHERE key = ?`)
    this.#put = change(`INSERT INTO ${name} VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`)
    this.#delete = change(`DELETE FROM ${name} WHERE key = ?`)
    this.#deleteSome = change(`DELETE FROM ${name} WHERE key IN (SELECT key FROM ${name} WHERE key >= ? AND key < ? LIMIT ?)`)
    this.#count = prepare(`SELECT COUNT(*) FROM ${name} WHERE key >= ? AND key < ?`)
    this.#pages = {
      ascending: prepare(`SELECT key, value FROM ${name} WHERE key >= ? AND key < ? ORDER BY key LIMIT ?`),
      descending: prepare(`SELECT key, value FROM ${name} WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT ?`),
    }
  }

  get(key: Uint8Array): string | undefined {
    return this.#get.get([key])?.[0] as string | undefined
  }

  put(key: Uint8Array, value: string): void {
    this.#put.run([key, value])
  }

  delete(key: Uint8Array): void {
    this.#delete.run([key])
  }

  deleteSome({ from, before }: KeyRange, most: number): number {
    return Number(this.#deleteSome.run([from, before, most]).changes)
  }

  count({ from, before }: KeyRange): number {
    return Number(this.#count.get([from, before])?.[0])
  }

  // By pages that follow one another by key: a statement has one cursor only, and two scans of a table may run at the same time.
  *scan(range: KeyRange, direction: 'ascending' | 'descending' = 'ascending'): Generator<StoredPair> {
    const page = this.#pages[direction]
    let { from, before } = range
    for (let size = 8; ; size = Math.min(size * 4, pairsPerPage)) {
      const rows = page.all([from, before, size]) as [Uint8Array, string][]
      for (const [key, value] of rows) yield { key, value }
      const last = rows.at(-1)?.[0]
      if (!last || rows.length < size) return
      if (direction === 'ascending') from = Buffer.concat([last, Buffer.of(0)])
      else before = last
    }
  }
}

interface Statement {
  run(parameters: readonly unknown[]): { readonly changes: number }
  get(parameters: readonly unknown[]): readonly unknown[] | undefined
  all(parameters: readonly unknown[]): unknown[]
}

function open(file: string): Connection {
  try {
    return new Database(file)
  } catch (error) {
    throw new Error(`The database ${file} cannot be opened: is its folder there, and may it be written?`, { cause: error })
  }
}

function prepare(connection: Connection, file: string): void {
  // Exclusive before the first access: the file is this process's alone, and the second server finds out at once.
  for (const pragma of ['locking_mode = EXCLUSIVE', 'journal_mode = WAL', 'synchronous = FULL']) connection.pragma(pragma)
  connection.exec('BEGIN IMMEDIATE')
  try {
    checkFormat(connection, file)
    for (const name of tableNames) {
      // Rows of documents are long; a table by rowid keeps them out of the tree of keys.
      const form = name === 'documents' ? '' : 'WITHOUT ROWID'
      connection.exec(`CREATE TABLE IF NOT EXISTS ${name} (key BLOB PRIMARY KEY NOT NULL, value TEXT NOT NULL) ${form}`)
    }
    connection.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${formatVersion}`)
    connection.exec('COMMIT')
  } catch (error) {
    if (connection.inTransaction) connection.exec('ROLLBACK')
    throw error
  }
}

function checkFormat(connection: Connection, file: string): void {
  const number = (sql: string) => Number((connection.prepare(sql).raw().get([]) as unknown[])[0])
  if (number('SELECT COUNT(*) FROM sqlite_master') === 0) return
  if (number('PRAGMA application_id') !== applicationId) throw new Error(`The database ${file} belongs to another program.`)
  const version = number('PRAGMA user_version')
  if (version !== formatVersion)
    throw new Error(`The database ${file} has format ${version}; this server knows format ${formatVersion}.`)
}

function refusal(error: unknown, file: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error
  const { code, message } = error
  // Of a file that is read-only, SQLite may say "disk I/O error".
  const problem = /^SQLITE_(READONLY|IOERR)/.test(code) ? 'cannot be written' : 'cannot be used'
  const reason = code.startsWith('SQLITE_BUSY') ? 'is in use by another server' : `${problem}: ${message}`
  return new Error(`The database ${file} ${reason}.`, { cause: error })
}
