import assert from 'node:assert/strict'
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import type { Lab } from './lab.js'
import { human, unique } from './sample.js'
import type { Section } from './suite.js'
import { LEFT_OUT } from './supports.js'

export const storedRecords: Section = suite => {
  const test = (promise: string, run: (lab: Lab, raw: (session: string) => Promise<unknown[]>) => Promise<void>) =>
    suite.test(promise, async lab => {
      const { database } = lab.setup
      if (database.raw === undefined) return lab.leaveOut(LEFT_OUT.raw)
      await run(lab, session => database.raw?.(session) ?? Promise.resolve([]))
    })

  test('[1] an acknowledged append is in the database, each message once', async (lab, raw) => {
    const chat = lab.chat()
    assert.deepEqual(await raw(chat.sessionId), [])
    const marks = [unique(), unique(), unique()]
    await chat.append(marks.map(human))
    const stored = textsIn(await raw(chat.sessionId)).join('\n')
    for (const mark of marks) assert.equal(stored.split(mark).length - 1, 1, 'a message is stored once')
  })

  test('[4] a repeat leaves the stored records as they are', async (lab, raw) => {
    const chat = lab.chat()
    const mark = unique()
    const id = await chat.append([human(mark)])
    const before = await raw(chat.sessionId)
    await chat.append([human(mark)], { id })
    await lab.elsewhere(chat).append([human(mark)], { id })
    const after = await raw(chat.sessionId)
    assert.equal(after.length, before.length)
    assert.equal(textsIn(after).join('\n').split(mark).length - 1, 1)
  })

  test("a message is stored as the codec's row, which Python and LangChain read: type, data, hist", async (lab, raw) => {
    const chat = lab.chat()
    const mark = unique()
    await chat.append([{ type: 'human', data: { content: mark, at: new Date(0) } }])
    const rows = textsIn(await raw(chat.sessionId)).flatMap(rowsIn)
    for (const row of rows.filter(row => JSON.stringify(row).includes(mark))) {
      assert.equal(row.type, 'human')
      assert.equal((row.data as { content?: unknown }).content, mark)
      assert.equal((row.hist as { v?: unknown } | undefined)?.v, 1)
    }
  })

  test("[8] clear leaves no record of the session and does not touch another one's", async (lab, raw) => {
    const chat = lab.chat()
    const neighbour = lab.chat(`${chat.sessionId}-2`)
    for (const each of [chat, neighbour]) await each.append([human('one'), human('two')])
    const records = (await raw(neighbour.sessionId)).length
    assert.ok(records > 0)
    await chat.clear()
    assert.deepEqual(await raw(chat.sessionId), [])
    assert.equal((await raw(neighbour.sessionId)).length, records)
  })

  test('[6] what is refused leaves no record', async (lab, raw) => {
    const chat = lab.faulty({ supports: { maxMessageBytes: 1_000 } }).session(lab.session())
    await assert.rejects(chat.append([human('fits'), human('x'.repeat(1_000))]))
    assert.deepEqual(await raw(chat.sessionId), [])
  })
}

/** Every text in the records, also out of bytes, compressed or not. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (value instanceof Uint8Array) return [decompressed(value)]
  if (value instanceof Map) return [...value.values()].flatMap(textsIn)
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

function decompressed(bytes: Uint8Array): string {
  for (const open of [gunzipSync, inflateSync, brotliDecompressSync]) {
    try {
      return open(bytes).toString()
    } catch {
      // Not in this form; the next one, or plain text.
    }
  }
  return Buffer.from(bytes).toString()
}

/** The message rows in a text: one of its lines, or the text as a whole, if it is JSON of that shape. */
function rowsIn(text: string): Record<string, unknown>[] {
  return text.split('\n').flatMap(line => {
    try {
      const row: unknown = JSON.parse(line)
      return typeof row === 'object' && row !== null && 'type' in row && 'data' in row ? [row as Record<string, unknown>] : []
    } catch {
      return []
    }
  })
}
