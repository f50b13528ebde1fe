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

  it('takes a session on several lines, one without messages, null content, and a BOM', { timeout: 120_000 }, async () => {
    const lines = [
      { session: 'a', messages: [{ type: 'human', data: { content: null } }, ai('b')] },
      { session: 'empty', messages: [] },
      { session: 'a', messages: [{ role: 'user', content: 'c' }] },
    ]
    const path = await file('merged.jsonl', `\ufeff${lines.map(line => JSON.stringify(line)).join('\r\n')}`)
    const result = await runDemo(path)
    assertStored(result, 3)
    assert.match(result.output, /merged\.jsonl: 1 conversation, 3 messages\s+1 conversation without messages left out/)
  })

  it('says in one line where a file is wrong, and how, before anything is stored', { timeout: 60_000 }, async () => {
    const good = JSON.stringify({ session: 'good', messages: [{ role: 'user', content: 'hi' }] })
    const third = (conversation: object) => `${good}\n\n${JSON.stringify(conversation)}\n`
    const cases: [name: string, text: string, error: string][] = [
      ['broken.jsonl', '{"role":"user","content":"hi"}\n{"role":', ':2: not JSON: Unexpected end of JSON input'],
      ['other.json', '[{"text":"hi"}]', ":1: entry 1: neither LangChain's { type, data } nor OpenAI's { role, content }"],
      ['indented.json', '[\n  { "role": "user" },\n  { "role": "me" }\n]', ': entry 2: unknown role "me"'],
      ['empty.json', '[]', ': no messages'],
      ['empty.jsonl', '{"messages":[]}', ': no messages'],
      ['none.jsonl', third({ session: 'bad' }), ':3: no list of messages'],
      ['role.jsonl', third({ messages: [{ role: 'me' }] }), ':3: message 1: unknown role "me"'],
      [
        'type.jsonl',
        third({ messages: [{ type: 'me', data: {} }] }),
        ':3: message 1: LangChain has no class for messages of type "me"',
      ],
      [
        'name.jsonl',
        third({ session: '', messages: [] }),
        ':3: sessionId must be well-formed Unicode of at most 1024 bytes, not empty',
      ],
      [
        'call.jsonl',
        JSON.stringify({ role: 'assistant', tool_calls: [call('c1', '{}'), { id: 'c2' }] }),
        ':1: tool call 2 has no function.name',
      ],
      ['calls.jsonl', JSON.stringify({ role: 'assistant', tool_calls: {} }), ':1: tool_calls is not a list'],
      ['stored-call.jsonl', JSON.stringify(ai('', [null])), ':1: tool call 1 has no name'],
    ]
    for (const [name, text, error] of cases) {
      const path = await file(name, text)
      assert.deepEqual(await runDemo(path), { code: 1, output: `demo: ${path}${error}\n` })
    }
    const trailingComma = await runDemo(await file('comma.json', '[\n  { "role": "user", "content": "hi" },\n]'))
    assert.match(trailingComma.output, /^demo: .*comma\.json: not JSON: .*\n$/)
    const missing = await runDemo(join(folder, 'missing.jsonl'))
    assert.match(missing.output, /^demo: ENOENT.*\n$/)
    assert.deepEqual([trailingComma.code, missing.code], [1, 1])
  })
})

function ai(content: string, toolCalls: unknown[] = []): object {
  return { type: 'ai', data: { content, tool_calls: toolCalls } }
}

function call(id: string, args: string): object {
  return { id, type: 'function', function: { name: 'f', arguments: args } }
}
