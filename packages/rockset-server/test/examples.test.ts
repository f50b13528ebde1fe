import { expect, onTestFinished, test, vi } from 'vitest'
import { startTestServer, temporaryFile } from './test-server.js'

test('the example of the README starts a server, and what it stored is in its file', async () => {
  const data = temporaryFile()
  onTestFinished(() => void vi.unstubAllEnvs())
  vi.stubEnv('ROCKSET_DATA', data)
  const { results } = await import('../examples/server.js')
  expect(results).toEqual([{ _id: 'user-42', messages: ['hi'] }])
  expect(await (await startTestServer({ data })).query('SELECT _id, messages FROM commons.chat')).toEqual(results)
})
