import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { agentScenario } from './scenario.js'

describe('the agent, on its embedded server', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hist-agent-'))
  })
  afterAll(() => rm(folder, { recursive: true }))
  agentScenario(() => ({ DATA: join(folder, 'trips.db') }))
})
