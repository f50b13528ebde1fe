import type { Position, Statement } from './ast.js'
import { QueryError } from './errors.js'
import { grammarActions } from './grammar-actions.js'
import { SyntaxError as GrammarError, parse as parseGrammar } from './parser.generated.js'

/** In UTF-16 units. Values belong into parameters, so that a statement stays short. */
export const MAXIMUM_STATEMENT_LENGTH = 131_072

/** Brackets within brackets that the stack surely bears, through the parser and everything after it. */
export const MAXIMUM_NESTING = 100

const token = /[A-Za-z_][A-Za-z0-9_@]*|[0-9.]+[A-Za-z0-9_@.]*|<>|!=|<=|>=|\|\||::|[\s\S]/uy

/** @throws {QueryError} with the place, when the text is not a statement of the subset. */
export function parse(text: string, maximumNesting = MAXIMUM_NESTING): Statement {
  if (text.length > MAXIMUM_STATEMENT_LENGTH) {
    throw new QueryError('limit_exceeded', `A statement has at most ${MAXIMUM_STATEMENT_LENGTH} characters.`)
  }
  checkNesting(text, Math.min(maximumNesting, MAXIMUM_NESTING))
  try {
    return parseGrammar(text, grammarActions)
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error
    const { offset, line, column } = error.location.start
    throw new QueryError('syntax_error', syntaxMessage(text, offset), { line, column })
  }
}

function syntaxMessage(text: string, offset: number): string {
  token.lastIndex = offset
  const found = token.exec(text)?.[0]
  return found === undefined ? 'Unexpected end of the statement' : `Unexpected token '${found.slice(0, 100)}'`
}

/** Before the recursive parser sees the text. Brackets in quotes and comments do not count, nor behind a comment without an end. */
function checkNesting(text: string, maximum: number): void {
  let depth = 0
  for (const part of text.matchAll(/'[^']*'|"[^"]*"|`[^`]*`|--[^\r\n]*|\/\*[\s\S]*?(?:\*\/|$)|[()[\]{}]/g)) {
    const [bracket] = part
    if (bracket === '(' || bracket === '[' || bracket === '{') depth += 1
    else if (bracket === ')' || bracket === ']' || bracket === '}') depth -= 1
    if (depth > maximum)
      throw new QueryError('limit_exceeded', `Brackets nest more than ${maximum} deep.`, positionOf(text, part.index))
  }
}

function positionOf(text: string, offset: number): Position {
  const lines = text.slice(0, offset).split('\n')
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
}
