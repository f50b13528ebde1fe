import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ServerUnavailableError } from '../src/errors.js'
import { compareJars, hashOf, hasJars, jarSets, readJarLock, repositoryPath } from '../src/jar-lock.js'
import { provideJars } from '../src/jars.js'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hist-jars-test-'))
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

test.each(['cassandra', 'kafka'] as const)('jars.lock has what %s asks for, each file at its own path', set => {
  const jars = readJarLock(set)
  expect(jars.map(jar => jar.coordinate)).toEqual(expect.arrayContaining([...jarSets[set].dependencies]))
  for (const { coordinate, file } of jars) expect(repositoryPath(coordinate)).toMatch(new RegExp(`/${file}$`))
})

test('a classifier is part of the path', () => {
  expect(repositoryPath('io.netty:netty-transport:4.1.2:linux-x86_64')).toBe(
    'io/netty/netty-transport/4.1.2/netty-transport-4.1.2-linux-x86_64.jar',
  )
})

test('a broken jars.lock is not taken for a short one', () => {
  expect(() => readJarLock('kafka', '')).toThrow('no kafka')
  expect(() => readJarLock('kafka', `kafka a:b:1 b-1.jar ${'0'.repeat(63)}\n`)).toThrow('see a:b:1')
  expect(() => readJarLock('kafka', `kafka a:b:1 ../b-1.jar ${'0'.repeat(64)}\n`)).toThrow('see a:b:1')
})

test('what differs from the lock is named', async () => {
  const jars = ['same', 'changed', 'missing'].map(name => ({ coordinate: name, file: `${name}.jar`, sha256: hashOf(name) }))
  for (const name of ['same', 'extra']) writeFileSync(join(folder, `${name}.jar`), name)
  writeFileSync(join(folder, 'changed.jar'), 'other')
  expect(hasJars(folder, jars)).toBe(false)
  expect(await compareJars(folder, jars)).toEqual([
    'changed.jar has another SHA-256',
    'missing.jar is missing',
    'extra.jar is not in the lock',
  ])
})

test('a repository that gives other bytes leaves nothing that could be used', async () => {
  let requests = 0
  const repository = createServer((_, response) => {
    requests += 1
    response.end('not a jar')
  })
  await new Promise<void>(resolve => repository.listen(0, '127.0.0.1', resolve))
  vi.stubEnv('HIST_MAVEN_REPOSITORY', `http://127.0.0.1:${(repository.address() as AddressInfo).port}/maven/`)
  vi.stubEnv('HIST_SERVERS_CACHE', join(folder, 'cache'))
  mkdirSync(join(folder, 'cache', 'kafka-4.3.1.partial'), { recursive: true })
  const failure = await provideJars('kafka').catch(error => error)
  repository.close()
  expect(failure).toBeInstanceOf(ServerUnavailableError)
  expect(failure.message).toContain('another SHA-256')
  expect(requests).toBeGreaterThan(1)
  expect(readdirSync(join(folder, 'cache'))).toEqual(['kafka-4.3.1.partial'])
})
