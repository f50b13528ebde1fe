// Why: types can be right and still not be found, or be found and describe the other module format ("masquerading"). attw resolves every
// export of the tarball the way TypeScript does in Node (ESM and CommonJS) and in bundlers, and compares the types with the code beside them.
// (Its core, not its command: that one fails on an internal import which only the ignored node10 cannot resolve.)
import { readFile } from 'node:fs/promises'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { problemKindInfo } from '@arethetypeswrong/core/problems'

/**
 * @param {import('../unpacked-package.mjs').UnpackedPackage} subject
 * @returns {Promise<import('../unpacked-package.mjs').Outcome>}
 */
export async function checkTypesResolution({ name, tarball }) {
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(await readFile(tarball))))
  if (!analysis.types) return { problems: [`attw ${name}: no types`] }
  const problems = analysis.problems.filter(problem => !onlyInNode10(problem))
  return {
    problems: problems.map(({ kind, ...place }) => `attw ${name}: ${problemKindInfo[kind].shortDescription}: ${textsOf(place)}`),
  }
}

/** @param {object} place entry and resolution, or two files, or a file and what it imports */
function textsOf(place) {
  return Object.values(place)
    .filter(value => typeof value === 'string')
    .join(', ')
}

/**
 * moduleResolution "node10" predates the exports map and cannot see any subpath.
 * @param {import('@arethetypeswrong/core').Problem} problem
 */
function onlyInNode10(problem) {
  return (
    ('resolutionKind' in problem && problem.resolutionKind === 'node10') ||
    ('resolutionOption' in problem && problem.resolutionOption === 'node10')
  )
}
