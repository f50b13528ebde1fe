import assert from 'node:assert/strict'
import type { ChatHistory, HistoryWarning, RawEntry } from '@hist/core'
import { rejection } from './expect.js'
import type { ReadFault } from './faults.js'
import type { Lab } from './lab.js'
import { all, humans, text, texts, walkBack } from './sample.js'
import type { Section } from './suite.js'

const SECRET = 'm 3'

/** The entry that holds `m 3` is another one. */
function changing(change: (entry: RawEntry) => RawEntry['body']): ReadFault {
  return async next => {
    const slice = await next()
    const entries = slice.entries.map(entry =>
      String(entry.body).includes(`"${SECRET}"`) ? { ...entry, body: change(entry) } : entry,
    )
    return { ...slice, entries }
  }
}

const UNREADABLE: Record<string, RawEntry['body']> = {
  'not JSON': `{"type":"human","data":{"content":"${SECRET}"`,
  'not a message': '[1]',
  'no type': '{"data":{"content":"x"}}',
  empty: '',
  'an error of the backend': new Error('half of it is missing'),
}

export const unreadableEntries: Section = suite => {
  suite.test(
    'an entry that cannot be read is CORRUPT_ENTRY, which names session and entry and tells nothing of its content',
    async lab => {
      const { session, ids } = await stored(lab)
      for (const [what, body] of Object.entries(UNREADABLE)) {
        const chat = lab.faulty({ read: changing(() => body) }).session(session)
        const reads = [() => chat.messages(), () => chat.messages({ last: 5 }), () => chat.page(), () => all(chat.entries())]
        for (const whole of reads) {
          const error = await rejection(whole(), 'CORRUPT_ENTRY')
          assert.deepEqual([error.session, error.entry, error.backend], [session, ids[3], lab.setup.home.name], what)
          assert.deepEqual([error.retryable, error.outcome], [false, 'failed'])
          assert.ok(!error.message.includes(SECRET), 'the text shows content')
        }
        if (body instanceof Error) assert.equal((await rejection(chat.messages(), 'CORRUPT_ENTRY')).cause, body)
        assert.deepEqual((await chat.messages({ last: 2 })).map(text), ['m 5', 'm 6'], 'what does not hold it is read')
      }
    },
  )

  suite.test("onCorruptEntry: 'skip' leaves the entry out, says so, and still gives as many as asked for", async lab => {
    const { session, ids } = await stored(lab)
    for (const body of Object.values(UNREADABLE)) {
      const warnings: HistoryWarning[] = []
      const store = lab.faulty(
        { read: changing(() => body) },
        { onCorruptEntry: 'skip', onWarning: warning => warnings.push(warning) },
      )
      const chat = store.session(session)
      await assertLeftOut(chat)
      const skipped = warnings.filter(warning => warning.code === 'SKIPPED_ENTRY')
      assert.ok(skipped.length > 0)
      for (const warning of skipped) {
        assert.deepEqual([warning.session, warning.entry, warning.backend], [session, ids[3], lab.setup.home.name])
        assert.ok(!warning.message.includes(SECRET), 'the text shows content')
      }
    }
  })

  suite.test('a row with hist.op, reserved for later versions, is not a message: it is left out without a word', async lab => {
    const { session } = await stored(lab)
    const control = '{"type":"human","data":{"content":""},"hist":{"v":9,"op":"hide"}}'
    const store = lab.faulty({ read: changing(() => control) }, { onWarning: warning => assert.fail(warning.code) })
    await assertLeftOut(store.session(session))
  })

  suite.test('a row of a newer version is read as the JSON it is, with a warning', async lab => {
    const { session } = await stored(lab)
    const newer = '{"type":"human","data":{"content":"newer"},"hist":{"v":99,"z":[1]}}'
    const codes: string[] = []
    const store = lab.faulty({ read: changing(() => newer) }, { onWarning: warning => codes.push(warning.code) })
    const message = (await store.session(session).messages())[3]
    assert.deepEqual([message?.type, message?.data], ['human', { content: 'newer' }])
    assert.deepEqual(codes, ['NEWER_FORMAT'])
  })
}

async function stored(lab: Lab): Promise<{ session: string; ids: string[] }> {
  const chat = lab.chat()
  for (const message of humans('m', 7)) await chat.append([message])
  return { session: chat.sessionId, ids: (await chat.page()).entries.map(entry => entry.id) }
}

/** Everything but `m 3` is there, windows and pages are full. */
async function assertLeftOut(chat: ChatHistory): Promise<void> {
  const left = [0, 1, 2, 4, 5, 6].map(number => `m ${number}`)
  assert.deepEqual((await chat.messages()).map(text), left)
  assert.deepEqual((await chat.messages({ last: 4 })).map(text), left.slice(-4))
  const page = await chat.page({ limit: 4 })
  assert.deepEqual(texts(page.entries), left.slice(-4))
  const oldest = await chat.page({ limit: 2, before: page.older ?? '' })
  assert.deepEqual([texts(oldest.entries), oldest.older], [left.slice(0, 2), undefined])
  assert.deepEqual((await walkBack(chat, 1)).pages.flat(), left)
  assert.deepEqual(texts(await all(chat.entries({ pageSize: 2 }))), left)
}
