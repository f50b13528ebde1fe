import type { Position, Statement } from './ast.js'

/** What the parser throws when the text does not fit the grammar; the place is the furthest one that was reached. */
declare class GrammarError extends Error {
  readonly location: { readonly start: Position & { readonly offset: number } }
}

export { GrammarError as SyntaxError }

/** @param options.refuse throws; called with what is SQL but not part of the subset. */
export function parse(text: string, options: { refuse(what: string, position: Position): never }): Statement
