import { readFileSync } from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { ServerUnavailableError } from '../src/errors.js'
import { motoLockFile, startMoto } from '../src/moto.js'
import { provideServer } from '../src/provide-server.js'

afterEach(() => vi.unstubAllEnvs())

test('moto-requirements.lock pins everything, and what it was made for', () => {
  const lines = readFileSync(motoLockFile, 'utf8').trimEnd().split('\n')
  const [, asked = ''] = lines
  const pins = lines.filter(line => !line.startsWith('#'))
  expect(pins.filter(line => !/^[a-z0-9-]+==[\w.]+(; python_version (<|>=) "3\.11")?$/.test(line))).toEqual([])
  const names = asked
    .replace('[dynamodb]', '')
    .split(' ')
    .filter(word => word.includes('=='))
  expect(names).toContain('moto==5.2.5')
  expect(pins).toEqual(expect.arrayContaining(names))
})

test('without Python the error says what is needed, and which variable names another server', async () => {
  vi.stubEnv('HIST_PYTHON', '/does/not/exist')
  vi.stubEnv('HIST_DYNAMODB', '')
  await expect(startMoto()).rejects.toThrow(ServerUnavailableError)
  await expect(provideServer('dynamodb', { onProgress: () => undefined })).rejects.toThrow(
    /^dynamodb needs Python 3\.10 .+; or set HIST_DYNAMODB to /,
  )
})
