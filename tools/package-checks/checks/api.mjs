// Why: what a declaration file exports is a promise, and promises are changed by accident: a type that slips out through `export *`, an
// argument that becomes required. packages/<package>/api/<entry>.api.md holds the published API as API Extractor prints it, sorted and
// without comments; a change of the API is a change of that file, which a review sees. `npm run fix` rewrites it.
import { execFile } from 'node:child_process'
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor'

/**
 * @param {import('../unpacked-package.mjs').UnpackedPackage} subject
 * @param {{ fix: boolean }} mode
 * @returns {Promise<import('../unpacked-package.mjs').Outcome>}
 */
export async function checkApi(subject, { fix }) {
  const { name, source } = subject
  const snapshots = join(source, 'api')
  const known = new Set(await readdir(snapshots).catch(() => []))
  /** @type {string[]} */
  const problems = []
  for (const [file, report] of await currentReports(subject)) {
    const snapshot = join(snapshots, file)
    const isKnown = known.delete(file)
    if (fix) await cp(report, snapshot)
    else if (!isKnown) problems.push(`${name}: api/${file} is missing: npm run fix`)
    else if ((await readFile(report, 'utf8')) !== (await readFile(snapshot, 'utf8'))) {
      problems.push(
        `${name}: the public API differs from api/${file}; if that is meant: npm run fix\n${await difference(snapshot, report)}`,
      )
    }
  }
  for (const file of known) {
    if (fix) await rm(join(snapshots, file))
    else problems.push(`${name}: api/${file} belongs to no entry: npm run fix`)
  }
  return { problems }
}

/**
 * @param {import('../unpacked-package.mjs').UnpackedPackage} subject
 * @returns {Promise<Map<string, string>>} file name of each snapshot → path of the report as it would be now
 */
async function currentReports({ full, installed, entries }) {
  // Read from outside the package, where `@hist/core` is an import like any other: within, API Extractor takes it for the package's own
  // source and copies all of core into the report of ./langchain.
  const copy = join(full, 'declarations')
  await cp(join(installed, 'dist'), join(copy, 'dist'), { recursive: true, filter: path => !/\.(map|js|cjs|cts)$/.test(path) })
  const reports = join(full, 'reports')
  await mkdir(reports)
  const configs = entries.map(({ title, types }) =>
    ExtractorConfig.prepare({
      packageJsonFullPath: join(installed, 'package.json'),
      configObjectFullPath: undefined,
      configObject: {
        projectFolder: copy,
        mainEntryPointFilePath: join(copy, types),
        newlineKind: 'lf',
        compiler: { overrideTsconfig: { compilerOptions, files: entries.map(entry => join(copy, entry.types)) } },
        // Types that are not exported, but part of one that is (such as the members of an options union), are API as well.
        apiReport: {
          enabled: true,
          includeForgottenExports: true,
          reportFolder: reports,
          reportTempFolder: reports,
          reportFileName: `${title}.api.md`,
        },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        messages: { compilerMessageReporting: silent, extractorMessageReporting: silent, tsdocMessageReporting: silent },
      },
    }),
  )
  const compilerState =
    configs[0] &&
    CompilerState.create(configs[0], { additionalEntryPoints: configs.map(config => config.mainEntryPointFilePath) })
  for (const config of configs)
    Extractor.invoke(config, {
      ...(compilerState && { compilerState }),
      localBuild: true,
      messageCallback: message => {
        message.handled = true
      },
    })
  return new Map(entries.map(({ title }) => [`${title}.api.md`, join(reports, `${title}.api.md`)]))
}

const compilerOptions = {
  strict: true,
  target: 'ES2022',
  module: 'ESNext',
  moduleResolution: 'Bundler',
  types: ['node'],
  skipLibCheck: true,
}
const silent = { default: { logLevel: ExtractorLogLevel.None } }

/**
 * @param {string} before
 * @param {string} after
 * @returns {Promise<string>}
 */
function difference(before, after) {
  return new Promise(resolve =>
    execFile('diff', ['-u', '--label', 'recorded', '--label', 'now', before, after], (_error, stdout) => resolve(stdout)),
  )
}
