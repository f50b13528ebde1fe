import type { Narrowing, Scalar } from '../documents.js'
import { after, encodeScalar, encodeText, isCut, joinParts, typeOf, typeRange } from './keys.js'
import type { KeyRange } from './store.js'

export type Equality = NonNullable<Narrowing['equal']>[number]
export type Bounds = NonNullable<Narrowing['range']>[number]

const nothing: KeyRange = { from: Buffer.of(0), before: Buffer.of(0) }

export function equalitiesOf(narrowing: Narrowing | undefined): readonly Equality[] {
  return narrowing?.equal ?? []
}

export function boundsOf(narrowing: Narrowing | undefined, member?: string): readonly Bounds[] {
  return (narrowing?.range ?? []).filter(bounds => (bounds.above || bounds.below) && (!member || bounds.member === member))
}

/** The keys after `beginning` whose next part is a scalar within the bounds. Cut strings that may be within are among them. */
export function rangeOfValues(beginning: Uint8Array, { above, below }: Bounds): KeyRange {
  const type = typeOf((above ?? below)?.value)
  if (!type || (above && below && typeOf(above.value) !== typeOf(below.value))) return nothing
  const whole = typeRange(beginning, type)
  const place = (value: Scalar) => joinParts(beginning, encodeScalar(value))
  return {
    from: above ? (above.isInclusive || isCut(above.value) ? place(above.value) : after(place(above.value))) : whole.from,
    before: below ? (below.isInclusive || isCut(below.value) ? after(place(below.value)) : place(below.value)) : whole.before,
  }
}

/** The keys after `beginning` that end with an id within all these bounds. */
export function rangeOfIds(beginning: Uint8Array, allBounds: readonly Bounds[]): KeyRange {
  let { from, before }: KeyRange = { from: beginning, before: after(beginning) }
  for (const { above, below } of allBounds) {
    for (const bound of [above, below]) if (bound && typeof bound.value !== 'string') return nothing
    if (above) {
      const place = joinParts(beginning, encodeText(String(above.value)))
      from = larger(from, above.isInclusive ? place : joinParts(place, Buffer.of(0)))
    }
    if (below) {
      const place = joinParts(beginning, encodeText(String(below.value)))
      before = smaller(before, below.isInclusive ? joinParts(place, Buffer.of(0)) : place)
    }
  }
  return { from, before }
}

/** Whether an index tells exactly what is within. */
export function isExact(bounds: Bounds): boolean {
  return [bounds.above, bounds.below].every(bound => !bound || !isCut(bound.value))
}

function larger(one: Uint8Array, other: Uint8Array): Uint8Array {
  return Buffer.compare(one, other) < 0 ? other : one
}

function smaller(one: Uint8Array, other: Uint8Array): Uint8Array {
  return Buffer.compare(one, other) < 0 ? one : other
}
