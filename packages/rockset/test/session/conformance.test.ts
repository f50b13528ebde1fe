import { historyBackendContract } from '@hist/core/conformance'
import type { SessionLayoutOptions } from '@hist/rockset/store'
import * as vitest from 'vitest'
import { setUp } from './conformance-setup.js'

const awkward: SessionLayoutOptions = {
  collection: 'a.b-c_D0',
  workspace: 'prod',
  layout: 'session',
  messagesKey: 'order "by"/~1',
  sleepIntervalMs: 1,
  setupMode: 'async',
}

historyBackendContract({ runner: vitest, name: 'Rockset session, by default', setup: () => setUp({ collection: 'chat' }) })
historyBackendContract({ runner: vitest, name: 'Rockset session, everything otherwise', setup: () => setUp(awkward) })
