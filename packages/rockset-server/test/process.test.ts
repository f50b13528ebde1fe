import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { relative } from 'node:path'
import { expect, test } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { runProgram, startServerProcess, stopServerProcess } from './server-process.js'
import { send, startTestServer, temporaryFile } from './test-server.js'

test('--help tells the options, --version the version', async () => {
  const help = await runProgram(['--help'])
  expect(help).toMatchObject({ code: 0, errors: '' })
  for (const option of ['--data', '--port', '--host', '--api-key', 'HIST_ROCKSET_API_KEY', '--visibility-delay-ms'])
    expect(help.output).toContain(option)
  expect(await runProgram(['--version'])).toEqual({ code: 0, output: `${manifest.version}\n`, errors: '' })
})

const wrong: [string[], string][] = [
  [[], '--data is needed'],
  [['--unknown'], "Unknown option '--unknown'"],
  [['--data', ':memory:', '--port', 'x'], '--port takes a whole number, not "x"'],
  [['--data', ':memory:', '--visibility-delay-ms', '3600001'], 'visibilityDelayMs must be from 0 to 3600000'],
  [['--data', ':memory:', '--host', '0.0.0.0'], 'host 0.0.0.0 can be reached by others: apiKey is needed'],
]
test.each(wrong)('%j is refused, and says why', async (args, message) => {
  const { code, output, errors } = await runProgram(args)
  expect({ code, output }).toEqual({ code: 2, output: '' })
  expect(errors).toContain(message)
  expect(errors).toContain('hist-rockset-server --help')
})

test('the key of the environment is the only one, also elsewhere than on loopback', async () => {
  const started = await startServerProcess(['--data', ':memory:', '--host', '0.0.0.0'], { HIST_ROCKSET_API_KEY: 'secret' })
  const url = `http://127.0.0.1:${new URL(started.server.url).port}`
  expect((await send(`${url}/v1/orgs/self`, 'GET', undefined, 'secret')).status).toBe(200)
  expect((await send(`${url}/v1/orgs/self`, 'GET', undefined, 'other')).status).toBe(401)
})

test('a port in use is named', async () => {
  const { port } = new URL((await startTestServer()).url)
  expect(await runProgram(['--data', ':memory:', '--port', port])).toEqual({
    code: 1,
    output: '',
    errors: `Port ${port} of 127.0.0.1 is in use by another program; --port takes another one.\n`,
  })
})

test('a file that cannot be opened is named', async () => {
  const data = temporaryFile()
  mkdirSync(data)
  for (const path of [data, `${data}/missing/data.db`]) {
    const { code, errors } = await runProgram(['--data', path, '--port', '0'])
    expect(code).toBe(1)
    expect(errors).toContain(`The database ${path} cannot be opened`)
  }
  const text = temporaryFile()
  writeFileSync(text, 'no database, but text that is long enough to be one'.repeat(100))
  expect(await runProgram(['--data', text, '--port', '0'])).toEqual({
    code: 1,
    output: '',
    errors: `The database ${text} cannot be used: file is not a database.\n`,
  })
})

test('an address is no file: nothing is sent there', async () => {
  const other = await startTestServer()
  const { code, errors } = await runProgram(['--data', other.url, '--port', '0'])
  expect(code).toBe(1)
  expect(errors).toContain('cannot be opened')
})

test('a second server on one file says so and ends, as a process and in one', async () => {
  const data = temporaryFile()
  const first = await startServerProcess(['--data', data])
  const path = await first.server.createCollection('c')
  const message = `The database ${data} is in use by another server.`
  const byAnotherPath = relative(process.cwd(), data)
  expect(await runProgram(['--data', byAnotherPath, '--port', '0'])).toEqual({ code: 1, output: '', errors: `${message}\n` })
  await expect(startTestServer({ data })).rejects.toThrow(message)
  expect((await first.server.request('POST', `${path}/docs`, { data: [{ _id: 'a' }] })).status).toBe(200)

  expect(await stopServerProcess(first, 'SIGTERM')).toBe(0)
  const next = await startTestServer({ data })
  await expect(startTestServer({ data })).rejects.toThrow(message)
  expect(await next.query('SELECT _id FROM commons.c')).toEqual([{ _id: 'a' }])
})

test.each(['SIGTERM', 'SIGINT'] as const)('%s answers what is running, keeps it, and leaves one file', async signal => {
  const data = temporaryFile()
  const started = await startServerProcess(['--data', data])
  const path = `/v1/orgs/self${await started.server.createCollection('c')}/docs`
  const { hostname, port } = new URL(started.server.url)
  const headers = { authorization: 'ApiKey k', 'content-type': 'application/json' }
  const running = httpRequest({ hostname, port, method: 'POST', path, headers })
  running.write('{"data":[{"_id":"a"')
  const [socket] = await once(running, 'socket')
  await once(socket, 'connect')
  // What comes later is answered: so the server knows of the first request, too.
  await fetch(`${started.server.url}/health`)
  const code = stopServerProcess(started, signal)
  await expect
    .poll(() =>
      fetch(`${started.server.url}/health`).then(
        ({ status }) => status,
        () => 'refused',
      ),
    )
    .not.toBe(200)
  running.end('}]}')
  const [response] = await once(running, 'response')
  expect(response.resume().statusCode).toBe(200)
  expect(await code).toBe(0)
  expect([data, `${data}-wal`, `${data}-journal`].map(existsSync)).toEqual([true, false, false])
  expect(await (await startTestServer({ data })).query('SELECT _id FROM commons.c')).toEqual([{ _id: 'a' }])
})
