import assert from 'node:assert/strict'
import { it } from 'vitest'
import { decodeMessage, encodeMessage } from '../../src/codec.js'
import { conversation } from './recorded.js'
import { exactly } from './values.js'

const messages = conversation()

it(`${messages.length} messages of conversations come back exactly, and cost 15 bytes each`, () => {
  for (const message of messages) {
    const text = encodeMessage(message)
    exactly(decodeMessage(text), message)
    assert.equal(text.length, JSON.stringify(message).length + ',"hist":{"v":1}'.length)
  }
})
