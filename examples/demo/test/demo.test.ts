import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, it } from 'vitest'

const demo = fileURLToPath(new URL('../demo.mjs', import.meta.url))
const transcripts = fileURLToPath(new URL('../../../../shared/transcripts/', import.meta.url))

interface Result {
  code: number
  output: string
}

function runDemo(...args: string[]): Promise<Result> {
  return new Promise(resolve => {
    execFile(process.execPath, [demo, ...args], { timeout: 120_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr })
    })
  })
}

function assertStored({ code, output }: Result, messages: number): void {
  assert.equal(code, 0, output)
  assert.match(output, new RegExp(`✔ ${messages} of ${messages} messages came back deep-equal`))
  const [, acknowledged, found] =
    output.match(/✔ (\d+) messages were acknowledged before the kill, (\d+) were there after it/) ?? []
  assert.ok(Number(acknowledged) > 0 && Number(found) >= Number(acknowledged), output)
  assert.match(output, /killed with -9/)
}

describe('demo', () => {
  let folder: string
  const file = async (name: string, text: string) => {
    const path = join(folder, name)
    await writeFile(path, text)
    return path
  }
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hist-demo-test-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('stores its own conversations over a kill -9', { timeout: 120_000 }, async () => {
    assertStored(await runDemo(), 34)
  })

  // The transcripts are not part of the repository; where they lie beside it, all 40 conversations run in both forms.
  for (const name of ['airline.langchain.jsonl', 'airline.openai.jsonl'].filter(name => existsSync(transcripts + name))) {
    it(`stores ${name}`, { timeout: 240_000 }, async () => {
      assertStored(await runDemo(transcripts + name), 1_164)
    })
  }

  it('takes a message a line, and a list of messages, in any of the forms', { timeout: 120_000 }, async () => {
    const messages = [
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'hi' }] },
      { role: 'assistant', content: null, tool_calls: [call('c1', '{"a":1}'), call('c2', '{')], refusal: null },
      { role: 'tool', tool_call_id: 'c1', content: '1' },
      { type: 'ai', data: { content: 'done' } },
      { lc: 1, type: 'constructor', id: ['langchain_core', 'messages', 'HumanMessage'], kwargs: { content: 'thanks' } },
    ]
    assertStored(await runDemo(await file('lines.jsonl', messages.map(message => JSON.stringify(message)).join('\n'))), 6)
    assertStored(await runDemo(await file('list.json', JSON.stringify(messages, null, 2))), 6)
  })

  it('says what is wrong with a file', { timeout: 60_000 }, async () => {
    const cases: [string, RegExp][] = [
      [join(folder, 'missing.jsonl'), /ENOENT/],
      [await file('broken.jsonl', '{"role":"user","content":"hi"}\n{"role":'), /line 2 is not JSON/],
      [await file('other.json', '[{"text":"hi"}]'), /message 1: neither/],
      [await file('empty.json', '[]'), /no messages/],
    ]
    for (const [path, text] of cases) {
      const { code, output } = await runDemo(path)
      assert.equal(code, 1)
      assert.match(output, text)
      assert.doesNotMatch(output, /at .*\.mjs:/)
    }
  })
})

function call(id: string, args: string): object {
  return { id, type: 'function', function: { name: 'f', arguments: args } }
}
