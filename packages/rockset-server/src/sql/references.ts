import type { Statement } from './ast.js'

/** The collections that a statement names, each once, as `workspace.name`. */
export function collectionsOf(statement: Statement): readonly string[] {
  const names = new Set<string>()
  visit(statement, node => {
    if (node.kind === 'collection') names.add(`${node.workspace}.${node.name}`)
  })
  return [...names]
}

/** The parameters that a statement names, each once, without the colon. */
export function parametersOf(statement: Statement): readonly string[] {
  const names = new Set<string>()
  visit(statement, node => {
    if (node.kind === 'parameter') names.add(String(node.name))
  })
  return [...names]
}

interface Node {
  readonly kind?: unknown
  readonly name?: unknown
  readonly workspace?: unknown
}

function visit(node: Node, see: (node: Node) => void): void {
  see(node)
  for (const part of Object.values(node)) if (typeof part === 'object' && part !== null) visit(part, see)
}
