import { historyBackendContract } from '@hist/core/conformance'
import type { MessageLayoutOptions } from '@hist/rockset/store'
import * as vitest from 'vitest'
import { setUp } from './conformance-setup.js'

const plain: MessageLayoutOptions = { collection: 'chat', layout: 'message' }
const awkward: MessageLayoutOptions = {
  collection: 'a.b-c_D0',
  workspace: 'prod',
  layout: 'message',
  ttlSeconds: 30 * 86_400,
  sleepIntervalMs: 1,
  setupMode: 'async',
}

historyBackendContract({ runner: vitest, name: 'Rockset message, by default', setup: () => setUp(plain) })
historyBackendContract({ runner: vitest, name: 'Rockset message, everything otherwise', setup: () => setUp(awkward) })
