import type { Position, Statement } from './ast.js'
import type { GrammarActions } from './grammar-actions.js'

/** What the parser throws when the text does not fit the grammar; the place is the furthest one that was reached. */
declare class GrammarError extends Error {
  readonly location: { readonly start: Position & { readonly offset: number } }
}

export { GrammarError as SyntaxError }

export function parse(text: string, actions: GrammarActions): Statement
