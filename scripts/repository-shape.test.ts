// The repository checks its own shape, so that every package can be read the same way and no document drifts from the code. A rule that
// a linter or tools/package-checks can see is not repeated here.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { expectedNames } from '../tools/package-checks/expected-names.mjs'
import { readmes, renderReadme, supportsOf } from './readme.mjs'
import { root, trackedFiles } from './tracked-files.mjs'

const files = trackedFiles()
const packages = readdirSync(join(root, 'packages'))
  .filter(folder => existsSync(join(root, 'packages', folder, 'package.json')))
  .map(folder => ({ folder, path: `packages/${folder}`, manifest: JSON.parse(read(`packages/${folder}/package.json`)) }))
  .filter(({ manifest }) => !manifest.private)
const backends = packages.filter(
  ({ path, manifest }) => manifest.dependencies?.['@hist/core'] && files.includes(`${path}/src/backend.ts`),
)
type Package = (typeof packages)[number]

const packageFiles = ['README.md', 'CHANGELOG.md', 'LICENSE', 'package.json', 'tsconfig.json', 'tsup.config.ts', 'src/index.ts']
const drawers = ['options', 'client', 'schema', 'backend', 'errors', 'chat-message-history', 'store'].map(
  role => `src/${role}.ts`,
)
const headings = [
  'Install',
  'Use',
  'Options',
  'What is stored',
  'Guarantees and limits',
  'Permissions',
  'Errors special to it',
  'Moving in from other classes',
]

for (const { folder, path, manifest } of packages) {
  describe(path, () => {
    test('has its files', () => {
      expect(packageFiles.filter(missingIn(path)), 'missing').toEqual([])
    })

    test('has the common fields in package.json', () => {
      expect(manifest).toMatchObject({
        name: `@hist/${folder}`,
        license: 'MIT',
        type: 'module',
        sideEffects: false,
        engines: { node: '>=20' },
      })
      expect(manifest.version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/)
      expect(manifest.description).toMatch(/\S+ .*\.$/)
      expect(manifest.files).toEqual(expect.arrayContaining(['dist', 'src', 'README.md', 'CHANGELOG.md']))
    })

    test('exports the source first, then ESM and CommonJS, each with its types', () => {
      const entries = Object.entries<Record<string, unknown>>(manifest.exports).filter(([entry]) => entry !== './package.json')
      for (const [entry, target] of entries) {
        expect(JSON.stringify(target, null, 2), entry).toBe(JSON.stringify(exportOf(String(target['@hist/source'])), null, 2))
      }
      expect(manifest.exports['./package.json']).toBe('./package.json')
      expect([manifest.main, manifest.module, manifest.types]).toEqual([
        './dist/index.cjs',
        './dist/index.js',
        './dist/index.d.ts',
      ])
    })

    test('exports the names that users know', () => {
      for (const { specifier, source } of entriesOf({ path, manifest })) {
        const { values, types } = expectedNames(specifier)
        const names = exportsOf(source)
        expect(
          [...values, ...types].filter(name => !names.has(name)),
          `missing in ${specifier}`,
        ).toEqual([])
      }
    })

    test('is looked at by tools/package-checks', () => {
      const task = `package-checks:${folder}`
      expect(JSON.parse(read('tools/package-checks/package.json')).scripts).toHaveProperty([task], `node index.mjs ${folder}`)
      expect(JSON.parse(read('tools/package-checks/turbo.json')).tasks).toHaveProperty([task])
      expect(files).toContain(`tools/package-checks/consumers/${folder}.ts`)
    })

    test('has no source file of more than 300 lines, but what is generated', () => {
      const sources = files
        .filter(file => file.startsWith(`${path}/src/`) && !file.endsWith('.generated.js'))
        .map(file => ({ file, lines: read(file).trimEnd().split('\n').length }))
      expect(sources.filter(({ lines }) => lines > 300)).toEqual([])
    })
  })
}

for (const backend of backends) {
  const { path, manifest } = backend
  describe(`${path}, a backend,`, () => {
    test('has the same drawers as the others', () => {
      expect(drawers.filter(missingIn(path)), 'missing').toEqual([])
    })

    test('has a README with a purpose and the fixed headings', () => {
      const text = withoutCode(read(`${path}/README.md`))
      expect(text, 'a title and a sentence below it').toMatch(new RegExp(`^# ${manifest.name}\\n\\n\\w`))
      expect([...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual(headings)
    })

    test('lists the options there are in its README', () => {
      const documented = namesInTable(section(read(`${path}/README.md`), 'Options'))
      const { own, all } = optionNames(backend)
      expect(
        own.filter(name => !documented.includes(name)),
        'in the types, but not in the table',
      ).toEqual([])
      expect(
        documented.filter(name => !all.includes(name)),
        'in the table, but not in the types',
      ).toEqual([])
    })
  })
}

test('core depends on nothing', () => {
  expect(packages.find(({ folder }) => folder === 'core')?.manifest.dependencies).toBeUndefined()
})

test('no drawer is for odds and ends', () => {
  expect(files.filter(file => /(^|[/.-])(utils?|helpers?|managers?|misc|common)([/.-]|$)/i.test(file))).toEqual([])
})

test('no file names a path or a registry of the machine it was written on', () => {
  const local = /(?<![\w.-])\/(work|root)\/|registry\.(npmjs|yarnpkg)\.|\bregistry\s*=|_auth[T]oken/
  const lines = files.flatMap(file =>
    read(file)
      .split('\n')
      .map((line, index) => ({ place: `${file}:${index + 1}`, line })),
  )
  expect(lines.filter(({ line }) => local.test(line))).toEqual([])
})

for (const file of files.filter(name => name.endsWith('.md'))) {
  const text = read(file)
  if (/<!-- (from: |backends)/.test(text)) {
    test(`${file} shows code and tables as they are in the sources`, async () => {
      expect(readmes, 'readmes of scripts/readme.mjs').toContain(file)
      expect(text, 'run: npm run fix').toBe(renderReadme(file, await supportsOfSources()))
    })
  }
  if (file.endsWith('README.md')) {
    test(`${file} shows no code but that of tested files`, () => {
      const code = /(?<!<!-- from: \S+ -->\s*)^\s*```(ts|tsx|js|mjs|cjs|typescript|javascript|py|python)\b.*/gm
      expect(text.match(code) ?? [], 'put <!-- from: path#region --> before').toEqual([])
    })
  }
}

async function supportsOfSources() {
  return supportsOf(
    await import('../packages/core/src/index.js'),
    await import('../packages/cassandra/src/store.js'),
    await import('../packages/dynamodb/src/store.js'),
    await import('../packages/kafka/src/store.js'),
    await import('../packages/rockset/src/store.js'),
  )
}

function missingIn(folder: string): (file: string) => boolean {
  return file => !files.includes(`${folder}/${file}`)
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

function exportOf(source: string) {
  const built = source.replace('./src/', './dist/').replace(/\.ts$/, '')
  return {
    '@hist/source': source,
    import: { types: `${built}.d.ts`, default: `${built}.js` },
    require: { types: `${built}.d.cts`, default: `${built}.cjs` },
  }
}

function entriesOf({ path, manifest }: Pick<Package, 'path' | 'manifest'>) {
  return Object.entries<Record<string, string>>(manifest.exports)
    .filter(([entry]) => entry !== './package.json')
    .map(([entry, target]) => ({
      specifier: manifest.name + entry.slice(1),
      source: join(root, path, target['@hist/source'] ?? ''),
    }))
}

let program: ts.Program | undefined

/** All public entries, compiled from source. */
function checker(): { program: ts.Program; checker: ts.TypeChecker } {
  const base = join(root, 'tsconfig.base.json')
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(base, ts.sys.readFile).config, ts.sys, root)
  program ??= ts.createProgram(
    packages.flatMap(entriesOf).map(({ source }) => source),
    options,
  )
  return { program, checker: program.getTypeChecker() }
}

function exportsOf(source: string): Map<string, ts.Symbol> {
  const { program, checker: types } = checker()
  const file = program.getSourceFile(source)
  const module = file && types.getSymbolAtLocation(file)
  return new Map(module && types.getExportsOfModule(module).map(symbol => [symbol.name, symbol]))
}

/** The options of `create<X>History`: `own` are those the backend declares itself. `all` has those of its LangChain class as well. */
function optionNames({ path, manifest }: Package): { own: string[]; all: string[] } {
  const { checker: types } = checker()
  const [create = '', chat = ''] = [/^create/, /ChatMessageHistory$/].map(pattern =>
    expectedNames(manifest.name).values.find(name => pattern.test(name)),
  )
  const properties = [create, chat].flatMap(name => {
    const symbol = exportsOf(join(root, path, 'src/index.ts')).get(name)
    const type = symbol && types.getTypeOfSymbol(symbol.flags & ts.SymbolFlags.Alias ? types.getAliasedSymbol(symbol) : symbol)
    const parameter = type && [...type.getCallSignatures(), ...type.getConstructSignatures()][0]?.parameters[0]
    const options = parameter && types.getTypeOfSymbol(parameter)
    const alternatives = options?.isUnion() ? options.types : options ? [options] : []
    return alternatives
      .flatMap(alternative => types.getPropertiesOfType(alternative))
      .map(property => ({ name: property.name, from: name, property }))
  })
  // `contactPoints?: never` is how one alternative excludes the options of another.
  const real = properties.filter(
    ({ property }) => !(types.getNonNullableType(types.getTypeOfSymbol(property)).flags & ts.TypeFlags.Never),
  )
  const own = real.filter(
    ({ from, property }) =>
      from === create &&
      property.declarations?.some(declaration => declaration.getSourceFile().fileName.startsWith(join(root, path, 'src'))),
  )
  return { own: [...new Set(own.map(({ name }) => name))], all: [...new Set(real.map(({ name }) => name))] }
}

function withoutCode(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```$/gm, '')
}

function section(markdown: string, heading: string): string {
  return (
    withoutCode(markdown)
      .split(/^## /m)
      .find(part => part.startsWith(`${heading}\n`)) ?? ''
  )
}

/** The names between backticks in the first column of all tables. */
function namesInTable(markdown: string): string[] {
  const cells = [...markdown.matchAll(/^\|([^|]+)\|/gm)].map(([, cell = '']) => cell)
  return cells.flatMap(cell => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name))
}
