import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { it } from 'vitest'

it('an ESM and a CommonJS copy in one process are one writer, know each other’s errors and share stores', async () => {
  // Without vitest's own condition: built files, not sources.
  const { NODE_OPTIONS: _, ...env } = process.env
  await promisify(execFile)(process.execPath, [fileURLToPath(new URL('two-copies.mjs', import.meta.url))], { env })
})
