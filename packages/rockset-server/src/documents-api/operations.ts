import { longestInteger, type Value } from '../documents.js'
import { DocumentError } from '../errors.js'
import { parseJson } from '../json/parse.js'
import { stringifyJson } from '../json/stringify.js'
import { isEqual } from '../sql/compare.js'
import { Place, pointerTokens } from './pointer.js'

type Root = Record<string, unknown>

const unchangeable = new Set(['_id', '_event_time', '_meta'])

/**
 * Does one operation (RFC 6902, and INCREMENT) to a document, in place; its name may be in any case.
 * @throws DocumentError if it cannot be done. The document may be changed in part then and is to be thrown away.
 */
export function applyOperation(document: Root, operation: unknown, budget: CopyBudget): void {
  if (typeof operation !== 'object' || operation === null)
    throw new DocumentError('INVALIDINPUT', 'an operation of a patch is no object')
  const { op, path, from, value } = operation as Record<string, unknown>
  const apply = typeof op === 'string' ? operations.get(op.toUpperCase()) : undefined
  if (!apply) throw new DocumentError('INVALIDINPUT', `${JSON.stringify(op) ?? 'undefined'} is no operation of a patch`)
  apply(document, { path, from, value, budget })
}

/** How many characters the operations of one request may still copy: copies of copies would grow without bound. */
export interface CopyBudget {
  characters: number
}

interface Operation {
  readonly budget: CopyBudget
  readonly path: unknown
  readonly from: unknown
  readonly value: unknown
}

const operations = new Map<string, (document: Root, operation: Operation) => void>([
  ['ADD', (document, { path, value }) => changeable(document, path).add(given(value))],
  ['REPLACE', (document, { path, value }) => changeable(document, path).replace(given(value))],
  ['REMOVE', (document, { path }) => changeable(document, path).remove()],
  ['COPY', (document, { path, from, budget }) => changeable(document, path).add(copyOf(valueAt(document, from), budget))],
  ['MOVE', move],
  ['TEST', test],
  ['INCREMENT', increment],
])

function copyOf(value: unknown, budget: CopyBudget): unknown {
  const text = stringifyJson(value)
  budget.characters -= text.length
  if (budget.characters < 0) throw new DocumentError('INVALIDINPUT', 'the operations of a request can copy 10 MiB, not more')
  return parseJson(text)
}

function move(document: Root, { path, from }: Operation): void {
  const [source, target] = [pointerTokens(from), pointerTokens(path)]
  if (source.length < target.length && source.every((token, index) => token === target[index])) {
    throw new DocumentError('INVALIDINPUT', 'a value cannot be moved into itself')
  }
  const place = changeable(document, from)
  const { value } = place
  place.remove()
  changeable(document, path).add(value)
}

function test(document: Root, { path, value }: Operation): void {
  if (!isEqual(valueAt(document, path) as Value, given(value) as Value)) {
    throw new DocumentError('INVALIDINPUT', `the value at the path ${JSON.stringify(path)} is another one: TEST failed`)
  }
}

function increment(document: Root, { path, value }: Operation): void {
  const place = changeable(document, path)
  const sum = add(place.value, given(value))
  if (sum === undefined)
    throw new DocumentError(
      'INVALIDINPUT',
      `INCREMENT at the path ${JSON.stringify(path)} takes two numbers, whose sum is not too large`,
    )
  place.replace(sum)
}

const tooLarge = 10n ** BigInt(longestInteger)

/** Exact for integers; undefined if it is no sum of two numbers, or one that is no number of a document. */
function add(one: unknown, other: unknown): number | bigint | undefined {
  if (isInteger(one) && isInteger(other)) {
    const sum = BigInt(one) + BigInt(other)
    if (sum <= -tooLarge || sum >= tooLarge) return undefined
    return Number.isSafeInteger(Number(sum)) ? Number(sum) : sum
  }
  const isNumber = (value: unknown) => typeof value === 'number' || typeof value === 'bigint'
  const sum = isNumber(one) && isNumber(other) ? Number(one) + Number(other) : Number.NaN
  return Number.isFinite(sum) ? sum : undefined
}

function isInteger(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || Number.isSafeInteger(value)
}

function given(value: unknown): unknown {
  if (value === undefined) throw new DocumentError('INVALIDINPUT', 'an operation of a patch has no value')
  return value
}

function valueAt(document: Root, path: unknown): unknown {
  return pointerTokens(path).length === 0 ? document : new Place(document, String(path)).value
}

function changeable(document: Root, path: unknown): Place {
  const [member] = pointerTokens(path)
  if (member === undefined) throw new DocumentError('INVALIDINPUT', 'a document can only be replaced by adding it again')
  if (unchangeable.has(member)) throw new DocumentError('INVALIDINPUT', `${member} cannot be changed`)
  return new Place(document, String(path))
}
