// Why: users compile against the published declarations with settings that are not ours. A project outside the workspace imports every
// promised name and runs through consumers/<package>.ts, in strict mode, from ESM and CommonJS (Node's resolution) and as a bundler would.
// Our declarations are checked as well (skipLibCheck: false): users who do so see our mistakes as their own. What must work without
// LangChain is compiled without it, too, because types can need what their code does not.
import { copyFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import ts from 'typescript'
import { expectedNames } from '../expected-names.mjs'

/** @type {ts.CompilerOptions} */
const strict = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  skipLibCheck: false,
  target: ts.ScriptTarget.ES2022,
  types: ['node'],
}
const node = { ...strict, module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 }
const bundler = { ...strict, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler }

/**
 * @param {import('../unpacked-package.mjs').UnpackedPackage} subject
 * @returns {Promise<import('../unpacked-package.mjs').Outcome>}
 */
export async function checkConsumer({ source, full, bare, entries }) {
  const consumer = join(import.meta.dirname, '..', 'consumers', `${basename(source)}.ts`)
  for (const ending of ['mts', 'cts', 'ts']) {
    await copyFile(consumer, join(full, `consumer.${ending}`))
    await writeFile(join(full, `names.${ending}`), importsOfAllNames(entries))
    await writeFile(join(bare, `names.${ending}`), importsOfAllNames(entries.filter(entry => !entry.needsLangChain)))
  }
  return {
    problems: [
      ...compile(full, ['consumer.mts', 'consumer.cts', 'names.mts', 'names.cts'], node, 'Node'),
      ...compile(full, ['consumer.ts', 'names.ts'], bundler, 'a bundler'),
      ...compile(bare, ['names.mts', 'names.cts'], node, 'Node without @langchain/core'),
    ],
  }
}

/** @param {import('../unpacked-package.mjs').Entry[]} entries */
function importsOfAllNames(entries) {
  const imports = entries.map(({ specifier }, index) => {
    const { values, types } = expectedNames(specifier)
    const list = [...values.map(name => `${name} as ${name}${index}`), ...types.map(name => `type ${name} as ${name}${index}`)]
    return `import { ${list.join(', ')} } from '${specifier}'\nexport const values${index}: unknown[] = [${values.map(name => name + index)}]`
  })
  return `${imports.join('\n')}\n`
}

/**
 * @param {string} project
 * @param {string[]} files
 * @param {ts.CompilerOptions} options
 * @param {string} title
 */
function compile(project, files, options, title) {
  const host = { ...ts.createCompilerHost(options), getCurrentDirectory: () => project }
  const program = ts.createProgram(
    files.map(file => join(project, file)),
    options,
    host,
  )
  // Ours, and no others: LangChain's declarations have mistakes of their own (a CommonJS one that requires ESM).
  const ours = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(project))
  const diagnostics = ours.flatMap(file => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)])
  diagnostics.push(...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics())
  return diagnostics.length === 0
    ? []
    : [`types in ${title}:\n${ts.formatDiagnostics(diagnostics, { ...host, getNewLine: () => '\n' })}`]
}
