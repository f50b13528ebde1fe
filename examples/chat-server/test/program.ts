import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { copyFile, cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'

const example = fileURLToPath(new URL('..', import.meta.url))

/** The built program, and the environment that says where its store is. */
export interface Program {
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
}

/** A process of the program. */
export interface Running {
  readonly url: string
  readonly child: ChildProcess
  /** Exit code and signal. */
  readonly exited: Promise<unknown[]>
  /** What it wrote to stderr. */
  errors(): string
}

/** The example as it is, but for the file that makes the store. Built as `npm start` does it. */
export async function buildProgram(storeFile: string, environment: NodeJS.ProcessEnv): Promise<Program> {
  for (const name of ['core', 'cassandra', 'dynamodb'])
    if (!existsSync(join(example, '../../packages', name, 'dist/index.js')))
      throw new Error(`build ${name} first: a process loads dist`)
  await mkdir(join(example, 'dist'), { recursive: true })
  const folder = await mkdtemp(join(example, 'dist/test-'))
  await cp(join(example, 'src'), join(folder, 'src'), { recursive: true })
  await copyFile(join(example, 'src', storeFile), join(folder, 'src/store.ts'))
  await build({
    entry: [join(folder, 'src/main.ts')],
    format: 'esm',
    outDir: folder,
    skipNodeModulesBundle: true,
    config: false,
    silent: true,
  })
  return { folder, environment }
}

export async function removeProgram({ folder }: Program): Promise<void> {
  await rm(folder, { recursive: true })
}

export async function startProgram({ folder, environment }: Program): Promise<Running> {
  const child = spawn(process.execPath, [join(folder, 'main.js')], {
    env: { ...process.env, ...environment, PORT: '0', NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    errors += text
  })
  for await (const line of createInterface(child.stdout)) {
    const [, url] = /^listening on (\S+)$/.exec(line) ?? []
    if (url !== undefined) return { url: url.replace('localhost', '127.0.0.1'), child, exited, errors: () => errors }
  }
  throw new Error(`the program ended before it listened:\n${errors}`)
}
