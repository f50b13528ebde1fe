// Writes parser.generated.js from grammar.peggy: node src/sql/generate.mjs, after every change of the grammar. The result is committed, so that
// tests on sources, tsup and whoever installs the package need no peggy; a test fails when it is not what the grammar gives.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import peggy from 'peggy'

const header = `// biome-ignore-all format: generated
// biome-ignore-all lint: generated
// biome-ignore-all assist: generated
// From grammar.peggy by generate.mjs.
`

const pathOf = name => fileURLToPath(new URL(name, import.meta.url))

/** @returns {string} */
export function generatedSource() {
  const grammar = readFileSync(pathOf('grammar.peggy'), 'utf8')
  const source = peggy.generate(grammar, { output: 'source', format: 'es', grammarSource: 'grammar.peggy' })
  return `${header}${source.replaceAll(/[ \t]+$/gm, '').trimEnd()}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(pathOf('parser.generated.js'), generatedSource())
