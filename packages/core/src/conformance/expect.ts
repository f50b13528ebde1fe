import assert from 'node:assert/strict'
import { type AppendId, type HistoryError, type HistoryErrorCode, isHistoryError } from '@hist/core'

/** The `HistoryError` that the promise rejects with. */
export async function rejection(promise: Promise<unknown>, code: HistoryErrorCode): Promise<HistoryError> {
  const error = await promise.then(
    () => assert.fail(`resolved instead of rejecting with ${code}`),
    (reason: unknown) => reason,
  )
  assert.ok(isHistoryError(error), `expected a HistoryError ${code}, got ${String(error)}`)
  assert.equal(error.code, code, error.message)
  return error
}

/** The append that an error is about. */
export function appendOf(error: HistoryError): AppendId {
  assert.ok(error.appendId !== undefined, 'the error names its append')
  return error.appendId
}

/** Rejects, or throws at once, with a `TypeError` that says what is wrong. */
export async function refused(what: string, run: () => unknown, text?: RegExp): Promise<void> {
  await assert.rejects(
    async () => run(),
    (error: unknown) => {
      assert.ok(error instanceof TypeError, `${what}: expected a TypeError, got ${String(error)}`)
      assert.equal(isHistoryError(error), false, what)
      if (text !== undefined) assert.match(error.message, text, what)
      return true
    },
    `${what} is taken`,
  )
}
