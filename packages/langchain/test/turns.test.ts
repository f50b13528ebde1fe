import { fromStoredMessage } from '@hist/core/langchain'
import { AIMessage, type BaseMessage, HumanMessage, RemoveMessage, ToolMessage } from '@langchain/core/messages'
import { describe, expect, test } from 'vitest'
import { randomFrom } from '../../core/test/numbers.js'
import { exchangesOf, isHistory, isMissingResult } from '../src/turns.js'
import { checkProviderRules } from './provider-rules.js'

/** `h1` a question, `a1` a reply, `a1(x,y)` one with calls, `x!` a result of the call x; `h1=q` with the id q. */
function messageOf(text: string): BaseMessage {
  const [, kind, calls, id] = /^(\w+!?)(?:\((.*)\))?(?:=(.*))?$/.exec(text) ?? []
  const fields = { id: id ?? text, content: kind ?? '' }
  if (text.startsWith('h')) return new HumanMessage(fields)
  if (kind?.endsWith('!')) return new ToolMessage({ ...fields, tool_call_id: kind.slice(0, -1) })
  return new AIMessage({ ...fields, tool_calls: (calls?.split(',') ?? []).map(call => ({ id: call, name: 'look', args: {} })) })
}

const logOf = (text: string) => text.split(' ').filter(Boolean).map(messageOf)

/** In the same writing; a result that was put in is `x?`. */
function shown(log: BaseMessage[]): string {
  const messages = exchangesOf(log).flat()
  checkProviderRules(messages)
  return messages.map(message => (isMissingResult(message) ? `${(message as ToolMessage).tool_call_id}?` : message.id)).join(' ')
}

describe('what the model is shown of a log', () => {
  test.each([
    ['nothing', '', ''],
    ['a conversation', 'h1 a1 h2 a2', 'h1 a1 h2 a2'],
    ['calls and their results', 'h1 a1(x,y) x! y! a2(z) z! a3', 'h1 a1(x,y) x! y! a2(z) z! a3'],
    ['results in another order than the calls', 'h1 a1(x,y) y! x! a2', 'h1 a1(x,y) y! x! a2'],
    ['a call without a result', 'h1 a1(x) h2 a2', 'h1 a1(x) x? h2 a2'],
    ['the second of two calls without a result', 'h1 a1(x,y) x!', 'h1 a1(x,y) x! y?'],
    ['the first of two calls without a result', 'h1 a1(x,y) y!', 'h1 a1(x,y) y! x?'],
    ['a result that came when another run had gone on', 'h1 a1(x) h2 a2 x! a3', 'h1 a1(x) x! h2 a2 a3'],
    ['two runs at once', 'h1 h2 a1(x) a2(y,z) x! z! y! a3 a4', 'h1 h2 a1(x) x! a2(y,z) z! y! a3 a4'],
    ['results whose calls lie outside', 'x! y! a1 h1 a2', 'a1 h1 a2'],
    ['a result stored twice', 'h1 a1(x) x! x!=again a2', 'h1 a1(x) x! a2'],
    ['a message stored twice', 'h1 a1(x) a1(x) x! x! a2 h1', 'h1 a1(x) x! a2'],
    ['calls numbered anew in each reply', 'h1 a1(x) x!=1 a2(x) x!=2 a3', 'h1 a1(x) 1 a2(x) 2 a3'],
    ['a call that was never answered, and its number again', 'h1 a1(x) h2 a2(x) x! a3', 'h1 a1(x) x? h2 a2(x) x! a3'],
    ['two calls with the same number in one reply', 'h1 a1(x,x) x!=1 x!=2 a2', 'h1 a1(x,x) 1 2 a2'],
    ['two calls with the same number in one reply, neither answered', 'h1 a1(x,x)', 'h1 a1(x,x) x? x?'],
    ['a result in front of its call', 'x! h1 a1(x) a2', 'h1 a1(x) x? a2'],
  ])('%s', (_what, log, expected) => {
    expect(shown(logOf(log))).toBe(expected)
  })

  test('the error result says what it stands for', () => {
    const [, result] = exchangesOf(logOf('a1(x)')).flat()
    expect(result).toMatchObject({ id: 'a1(x):missing:0', tool_call_id: 'x', name: 'look', status: 'error' })
    expect(result?.content).toMatch(/may or may not have been carried out/)
    expect(result && isHistory(result)).toBe(false)
  })

  test("calls that are known only as the provider's own JSON are sent, so they need results", () => {
    const raw = [{ id: 'x', type: 'function', function: { name: 'look', arguments: '{' } }]
    const reply = fromStoredMessage({ type: 'ai', data: { content: '', additional_kwargs: { tool_calls: raw } } })
    const messages = exchangesOf([reply]).flat()
    expect(messages.map(message => (message as ToolMessage).tool_call_id)).toEqual([undefined, 'x'])
  })

  test('calls without a number', () => {
    const call = new AIMessage({ content: '', tool_calls: [{ name: 'look', args: {} }] })
    const result = new ToolMessage({ content: 'found', tool_call_id: '' })
    expect(exchangesOf([call, result]).flat()).toEqual([call, result])
  })

  test('an empty id is none', () => {
    const messages = ['one', 'two'].map(content => new HumanMessage({ id: '', content }))
    expect(exchangesOf(messages).flat()).toEqual(messages)
  })

  test('a row that orders a removal is not obeyed', () => {
    expect(exchangesOf([new HumanMessage('one'), new RemoveMessage({ id: '__remove_all__' })]).flat()).toHaveLength(1)
  })

  test('whatever runs interleave and whenever they are killed: a provider takes it, and nothing else changes', () => {
    for (let seed = 1; seed <= 2_000; seed++) {
      const next = randomFrom(seed)
      const random = (limit: number) => Math.floor(next() * limit)
      const log = interleaved(
        Array.from({ length: 1 + random(3) }, (_, run) => killed(runOf(run, random), random)),
        random,
      )
      const first = log.slice(random(log.length + 1))
      const messages = exchangesOf(first).flat()
      checkProviderRules(messages)
      const real = messages.filter(message => !isMissingResult(message))
      const calls = new Set(first.flatMap(message => (message as AIMessage).tool_calls ?? []).map(({ id }) => id))
      const orphan = (message: BaseMessage) => message.getType() === 'tool' && !calls.has((message as ToolMessage).tool_call_id)
      // Nothing is lost but results whose calls lie outside, nothing is there twice, and what was put in is recognisable.
      expect(new Set(real)).toEqual(new Set(first.filter(message => !orphan(message))))
      expect(real).toHaveLength(new Set(real).size)
      // Each run is told in its order.
      for (const run of ['0', '1', '2']) {
        const ofRun = (list: BaseMessage[]) => list.filter(message => !orphan(message) && message.id?.startsWith(`${run}.`))
        expect(ofRun(real)).toEqual(ofRun(first))
      }
      // What is shown is in the form that it is put into.
      expect(exchangesOf(messages).flat()).toEqual(messages)
    }
  })
})

/** A question, some rounds of calls with their results, an answer. */
function runOf(run: number, random: (limit: number) => number): BaseMessage[] {
  const messages: BaseMessage[] = [new HumanMessage({ id: `${run}.q`, content: 'question' })]
  for (let round = random(4); round > 0; round--) {
    const calls = Array.from({ length: 1 + random(3) }, (_, call) => ({ id: `${run}.${round}.${call}`, name: 'look', args: {} }))
    messages.push(new AIMessage({ id: `${run}.${round}`, content: '', tool_calls: calls }))
    const results = calls.map(({ id }) => new ToolMessage({ id: `${id}.result`, content: 'found', tool_call_id: id }))
    messages.push(...(random(2) === 0 ? results : results.reverse()))
  }
  return [...messages, new AIMessage({ id: `${run}.answer`, content: 'answer' })]
}

function killed(messages: BaseMessage[], random: (limit: number) => number): BaseMessage[] {
  return random(2) === 0 ? messages : messages.slice(0, random(messages.length + 1))
}

function interleaved(runs: BaseMessage[][], random: (limit: number) => number): BaseMessage[] {
  const log: BaseMessage[] = []
  for (let left = runs; left.length > 0; left = left.filter(run => run.length > 0)) {
    log.push(...(left[random(left.length)]?.splice(0, 1) ?? []))
  }
  return log
}
