import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'

const built = ['core', 'langchain', 'cassandra', 'dynamodb', 'kafka', 'rockset', 'rockset-server']

/** What the README shows. @param environment where the conversations are kept, as a function where only hooks know it */
export function agentScenario(environment: () => Record<string, string>): void {
  const ask = async (question: string, trip = '7') => {
    const script = fileURLToPath(new URL('../agent.mjs', import.meta.url))
    const env = { ...process.env, NODE_OPTIONS: '', ...environment(), TRIP: trip }
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, question], { env, timeout: 60_000 })
    return stdout + stderr
  }

  beforeAll(() => {
    for (const name of built)
      if (!existsSync(fileURLToPath(new URL(`../../../packages/${name}/dist/index.js`, import.meta.url))))
        throw new Error(`build ${name} first: a process loads dist`)
  })

  test('a second process goes on with the conversation, and only with that', async () => {
    expect(await ask('Which trains go from Bern to Milan?')).toBe('1. EC 15 at 08:33, 2. EC 17 at 10:33, 3. EC 19 at 12:33\n')
    expect(await ask('Book the second.')).toBe('A seat in EC 17 is booked.\n')
    expect(await ask('Book the second.', '8')).toBe('Which train?\n')
  }, 120_000)
}
