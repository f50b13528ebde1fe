// #region move
import { type CassandraOptions, createCassandraHistory } from '@hist/cassandra/store'

/** From a table of the JavaScript community class to one that Python shares; each session is one append. */
export async function moveIn(settings: CassandraOptions, from: string, to: string): Promise<void> {
  await using old = createCassandraHistory({ ...settings, tableName: from, layout: 'community' })
  await using store = createCassandraHistory({ ...settings, tableName: to })
  for await (const session of old.sessions()) {
    const messages = await old.session(session).messages()
    await store.session(session).append(messages, { timeoutMs: 60_000 })
  }
}
// #endregion move
