import { readFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import type { PythonPeer } from '../src/index.js'
import { describeWithPython } from '../src/vitest.js'

describeWithPython('the virtual environment', python => {
  let peer: PythonPeer

  beforeAll(async () => {
    peer = await python.start(new URL('./fixtures/classes-peer.py', import.meta.url))
  })

  test('has the four classes and their drivers', async () => {
    expect(await peer.call('classes')).toEqual([
      'CassandraChatMessageHistory',
      'DynamoDBChatMessageHistory',
      'KafkaChatMessageHistory',
      'RocksetChatMessageHistory',
    ])
  })

  test('has what requirements.lock names and nothing else', async () => {
    const isOld = python.version.startsWith('3.10.')
    const lines = readFileSync(new URL('../requirements.lock', import.meta.url), 'utf8')
      .trim()
      .split('\n')
    const pins = lines.filter(
      line => !line.startsWith('#') && !line.includes(isOld ? '; python_version >=' : '; python_version <'),
    )
    expect(await peer.call('pins')).toEqual(pins.map(line => line.replace(/;.*/, '')).sort())
  })
})
