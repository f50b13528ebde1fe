// Checks published packages the way their users get them: packed, unpacked elsewhere, imported, compiled. A source tree that works
// says little about its tarball: `files` can forget a folder, an export can point nowhere, a type can exist for ESM only.
//
//   node index.mjs core dynamodb     checks these packages (they must be built); prints what is wrong and exits with 1
//   node index.mjs core --fix        rewrites the API snapshots of packages/core/api instead of comparing them
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkApi } from './checks/api.mjs'
import { checkConsumer } from './checks/consumer.mjs'
import { checkExports } from './checks/exports.mjs'
import { checkImports } from './checks/imports.mjs'
import { checkWithPublint } from './checks/publint.mjs'
import { checkSize } from './checks/size.mjs'
import { checkTypesResolution } from './checks/types-resolution.mjs'
import { removeProjects, unpackedPackage } from './unpacked-package.mjs'

const checks = [checkWithPublint, checkTypesResolution, checkExports, checkImports, checkConsumer, checkApi, checkSize]
const fix = process.argv.includes('--fix')
const notesFolder = join(import.meta.dirname, 'dist')
await mkdir(notesFolder, { recursive: true })

try {
  for (const directory of process.argv.slice(2).filter(argument => argument !== '--fix')) {
    const subject = await unpackedPackage(directory)
    const broken = (/** @type {Error} */ error) => ({ problems: [`${subject.name}: ${error.message}`], notes: [] })
    const outcomes = await Promise.all((fix ? [checkApi] : checks).map(check => check(subject, { fix }).catch(broken)))
    const problems = outcomes.flatMap(outcome => outcome.problems)
    const notes = outcomes.flatMap(outcome => outcome.notes ?? [])
    for (const line of [...notes, ...problems.map(problem => `✗ ${problem}`)]) console.info(line)
    if (problems.length > 0) process.exitCode = 1
    // Turbo restores it with a cached result, so that scripts/run.mjs can show it every time.
    if (!fix) await writeFile(join(notesFolder, `${directory}.txt`), notes.map(note => `${note}\n`).join(''))
  }
} finally {
  await removeProjects()
}
