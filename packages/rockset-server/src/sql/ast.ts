/** Where a thing stands in the text; both from 1, columns in UTF-16 units. */
export interface Position {
  readonly line: number
  readonly column: number
}

export type LiteralValue = null | undefined | boolean | number | bigint | string

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>='
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '||'

/** What follows a value, in the order of the text: `.name`, `[index]`, `::type`. A list and no nesting, so that a long one is not deep. */
export type Step = Position &
  (
    | { readonly kind: 'member'; readonly name: string }
    | { readonly kind: 'index'; readonly index: Expression }
    | { readonly kind: 'cast'; readonly type: string }
  )

export interface FunctionCall extends Position {
  readonly kind: 'call'
  readonly name: string
  readonly isDistinct: boolean
  /** `COUNT(*)`, whose arguments are empty. */
  readonly isStar: boolean
  readonly arguments: readonly Expression[]
}

export type Expression = Position &
  (
    | { readonly kind: 'literal'; readonly value: LiteralValue }
    | { readonly kind: 'parameter'; readonly name: string }
    | { readonly kind: 'column'; readonly name: string }
    | { readonly kind: 'path'; readonly base: Expression; readonly steps: readonly Step[] }
    | { readonly kind: 'array'; readonly elements: readonly Expression[] }
    | { readonly kind: 'object'; readonly entries: readonly { readonly key: string; readonly value: Expression }[] }
    | FunctionCall
    | { readonly kind: 'subquery'; readonly query: Query }
    | { readonly kind: 'and' | 'or'; readonly operands: readonly Expression[] }
    | { readonly kind: 'not'; readonly operand: Expression }
    | { readonly kind: 'sign'; readonly isNegative: boolean; readonly operand: Expression }
    /** From left to right: `first operator operand operator operand …`. */
    | {
        readonly kind: 'arithmetic'
        readonly first: Expression
        readonly rest: readonly (Position & { readonly operator: ArithmeticOperator; readonly operand: Expression })[]
      }
    | { readonly kind: 'comparison'; readonly operator: Comparison; readonly left: Expression; readonly right: Expression }
    | {
        readonly kind: 'between'
        readonly isNegated: boolean
        readonly operand: Expression
        readonly lower: Expression
        readonly upper: Expression
      }
    | {
        readonly kind: 'in'
        readonly isNegated: boolean
        readonly operand: Expression
        readonly candidates: readonly Expression[] | Query
      }
    | {
        readonly kind: 'like'
        readonly isNegated: boolean
        readonly operand: Expression
        readonly pattern: Expression
        readonly escape: Expression | null
      }
    | { readonly kind: 'is'; readonly isNegated: boolean; readonly operand: Expression; readonly what: 'null' | 'undefined' }
  )

export type SelectItem = Position &
  (
    | { readonly kind: 'star'; readonly table: string | null; readonly except: readonly string[] }
    | { readonly kind: 'item'; readonly expression: Expression; readonly alias: string | null }
  )

export type Relation = Position & { readonly alias: string | null } & (
    | { readonly kind: 'collection'; readonly workspace: string; readonly name: string }
    | { readonly kind: 'derived'; readonly query: Query }
    | {
        readonly kind: 'unnest'
        readonly expression: Expression
        readonly element: string | null
        readonly ordinality: string | null
      }
  )

export interface OrderItem extends Position {
  readonly expression: Expression
  readonly isDescending: boolean
  readonly nulls: 'first' | 'last' | null
}

export interface Query extends Position {
  readonly kind: 'query'
  readonly isDistinct: boolean
  readonly items: readonly SelectItem[]
  readonly from: readonly Relation[]
  readonly where: Expression | null
  readonly groupBy: readonly Expression[]
  readonly having: Expression | null
  readonly orderBy: readonly OrderItem[]
  readonly limit: Expression | null
  readonly offset: Expression | null
}

/** The only statements there are. */
export type Statement = Query
