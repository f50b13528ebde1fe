import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withFileLock } from '@hist/cache'
import { afterEach, beforeEach, expect, test } from 'vitest'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hist-lock-test-'))
  path = join(folder, 'not yet there', 'thing')
})

afterEach(() => rmSync(folder, { recursive: true }))

test('work for one path does not overlap, and failing gives the lock back', async () => {
  const events: string[] = []
  const work = (name: string) => async () => {
    events.push(`${name} begins`)
    await new Promise(resolve => setTimeout(resolve, 30))
    events.push(`${name} ends`)
    throw new Error(name)
  }
  const first = withFileLock(path, () => events.push('first waits'), work('first'))
  const second = withFileLock(path, () => events.push('second waits'), work('second'))
  const outcomes = await Promise.allSettled([first, second])
  expect(outcomes).toMatchObject([{ reason: { message: 'first' } }, { reason: { message: 'second' } }])
  expect(events.filter(event => event.endsWith('waits'))).toEqual(['second waits'])
  expect(events.filter(event => !event.endsWith('waits'))).toEqual(['first begins', 'first ends', 'second begins', 'second ends'])
})

test('the lock of a killed process is taken over', async () => {
  const program = `import { lock } from 'proper-lockfile'; await lock(${JSON.stringify(`${folder}/thing`)}, { realpath: false }); console.log('has it')`
  const holder = spawn(process.execPath, ['--input-type', 'module', '--eval', `${program}; setInterval(() => {}, 1000)`], {
    cwd: import.meta.dirname,
  })
  await once(holder.stdout, 'data')
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  let waited = false
  const done = await withFileLock(
    join(folder, 'thing'),
    () => {
      waited = true
    },
    async () => 'done',
    2_000,
  )
  expect([done, waited]).toEqual(['done', true])
})
