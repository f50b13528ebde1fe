import assert from 'node:assert/strict'
import { describe, it } from 'vitest'
import { isArgumentError } from '../src/index.js'
import { refuseBeside } from '../src/options.js'

describe('refuseBeside', () => {
  it('names the first option that is given, not its value', () => {
    const others = { port: undefined, password: 'secret', cloud: {} }
    assert.throws(
      () => refuseBeside('@hist/x', 'client', others),
      error => isArgumentError(error) && error.message === '@hist/x: client and password exclude each other',
    )
  })

  it('lets undefined pass', () => {
    refuseBeside('@hist/x', 'client', { port: undefined })
  })
})
