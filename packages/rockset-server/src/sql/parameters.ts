import type { Value } from '../documents.js'
import { booleanFromText, integerFromText, numberFromText } from './cast.js'
import { QueryError } from './errors.js'

/** As the clients send it: Python's `str(value)`, whatever the type. */
export interface QueryParameter {
  readonly name: string
  readonly type: string
  readonly value: string
}

type Decode = (text: string) => Value | undefined

const asText: Decode = text => text

/** JSON has no dates, so a date in a document is text, and so is one in a parameter. */
const decoders = new Map<string, Decode>([
  ['bool', booleanFromText],
  ['boolean', booleanFromText],
  ['int', integerFromText],
  ['integer', integerFromText],
  // 1.0 is the integer 1 in JSON; NaN and the infinities are no values at all.
  ['float', numberFromText],
  ['string', asText],
  ['datetime', asText],
  ['date', asText],
  ['time', asText],
  ['timestamp', asText],
])

/** @throws {QueryError} INVALIDINPUT. */
export function decodeParameters(parameters: readonly QueryParameter[] | null | undefined): ReadonlyMap<string, Value> {
  const decoded = new Map<string, Value>()
  for (const parameter of parameters ?? []) {
    const { name, type } = parameter
    if (typeof name !== 'string' || typeof type !== 'string')
      throw invalid('A parameter needs a name, a type and a value, all strings.')
    if (decoded.has(name)) throw invalid(`Parameter ${JSON.stringify(name)} is given twice.`)
    const decode = decoders.get(type.toLowerCase())
    if (decode === undefined)
      throw invalid(`Parameter ${JSON.stringify(name)} is of a type that is not known: ${JSON.stringify(type)}.`)
    const value = decode(textOf(parameter))
    if (value === undefined) throw invalid(`Parameter ${JSON.stringify(name)} is not of type ${type}.`)
    decoded.set(name, value)
  }
  return decoded
}

/** Clients send text; a scalar of another type is taken by its text, as a person writes such a body. */
function textOf({ name, value }: { readonly name: string; readonly value: unknown }): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  throw invalid(`The value of parameter ${JSON.stringify(name)} must be a string.`)
}

function invalid(message: string): QueryError {
  return new QueryError('invalid_parameter', message)
}
