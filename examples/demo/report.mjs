// What the demo prints.
import { styleText } from 'node:util'

const WIDTH = Math.min(process.stdout.columns ?? 120, 120)
const LAST = 8
const MOST_SESSIONS = 12

const bold = text => paint('bold', text)
const dim = text => paint('dim', text)

function paint(style, text) {
  return process.stdout.isTTY ? styleText(style, text) : text
}

/** A line that is redrawn on a terminal; elsewhere a line every two seconds. */
export class Progress {
  #name
  #total
  #shownAt = Date.now()

  constructor(name, total) {
    this.#name = name
    this.#total = total
  }

  show(count) {
    const terminal = process.stdout.isTTY
    if (Date.now() - this.#shownAt < (terminal ? 50 : 2_000)) return
    this.#shownAt = Date.now()
    const line = `${this.#name}: ${count} of ${this.#total} messages stored`
    if (terminal) process.stdout.write(`\r${line}\x1b[K`)
    else console.info(line)
  }

  end() {
    if (process.stdout.isTTY) process.stdout.write('\r\x1b[K')
  }
}

export function printReport({ file, conversations, empty, runs, result }) {
  const total = conversations.reduce((sum, { messages }) => sum + messages.length, 0)
  heading('Input')
  console.info(`  ${file}: ${count(conversations.length, 'conversation')}, ${count(total, 'message')}`)
  if (empty > 0) console.info(`  ${count(empty, 'conversation')} without messages left out`)
  heading('Two processes')
  for (const run of runs) console.info(`  ${describeRun(run)}`)
  heading('Stored')
  printSessions(result.sessions)
  const shown = result.sessions.reduce((a, b) => (b.messages.length > a.messages.length ? b : a))
  heading(`Last messages of ${shown.session}`)
  for (const message of shown.messages.slice(-LAST)) console.info(`  ${messageLine(message)}`)
  heading('Check')
  const survived = runs[1].found >= result.acknowledged
  console.info(
    `  ${mark(survived)} ${result.acknowledged} messages were acknowledged before the kill, ${runs[1].found} were there after it`,
  )
  console.info(
    `  ${mark(result.problems.length === 0)} ${result.equal} of ${total} messages came back deep-equal, in order, once`,
  )
  for (const problem of result.problems.slice(0, 20)) console.info(`    ${problem}`)
}

function heading(text) {
  console.info(`\n${bold(text)}`)
}

function describeRun({ pid, found, acknowledged, windows, largestWindow, killed }) {
  const stored = [...acknowledged.values()].reduce((sum, count) => sum + count, 0)
  const end = killed ? 'killed with -9' : 'finished'
  const read = `${count(windows, 'window')} read before a model turn (up to ${largestWindow} messages)`
  return `process ${pid}: found ${found}, went on to ${stored}; ${read}; ${bold(end)}`
}

function printSessions(sessions) {
  const name = Math.max(7, ...sessions.map(({ session }) => session.length))
  const kinds = ['system', 'human', 'ai', 'tool'].filter(kind =>
    sessions.some(({ messages }) => messages.some(({ type }) => type === kind)),
  )
  const row = cells =>
    `  ${String(cells[0]).padEnd(name)}${cells
      .slice(1)
      .map(cell => String(cell).padStart(12))
      .join('')}`
  console.info(dim(row(['session', 'messages', ...kinds, 'tool calls', 'JSON bytes'])))
  for (const { session, messages, bytes } of sessions.slice(0, MOST_SESSIONS)) {
    const calls = messages.reduce((sum, { data }) => sum + (data.tool_calls?.length ?? 0), 0)
    const counts = kinds.map(kind => messages.filter(({ type }) => type === kind).length)
    console.info(row([session, messages.length, ...counts, calls, bytes]))
  }
  if (sessions.length > MOST_SESSIONS) console.info(dim(`  … and ${sessions.length - MOST_SESSIONS} more`))
}

function messageLine({ type, data }) {
  const calls = (data.tool_calls ?? []).map(({ name, args }) => `→ ${name}(${JSON.stringify(args)})`)
  const text = typeof data.content === 'string' ? data.content : JSON.stringify(data.content)
  const line = `${type.padEnd(7)} ${[text, ...calls].filter(Boolean).join(' ').replace(/\s+/g, ' ')}`
  return line.length > WIDTH - 2 ? `${line.slice(0, WIDTH - 3)}…` : line
}

function mark(good) {
  return good ? paint('green', '✔') : paint('red', '✘')
}

function count(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
