import { type RocksetServerOptions, startRocksetServer } from '@hist/rockset-server'
import { expect, test } from 'vitest'

const data = ':memory:'

test('undefined is as good as missing', async () => {
  const options: Required<RocksetServerOptions> = {
    data,
    port: undefined,
    host: undefined,
    apiKey: undefined,
    visibilityDelayMs: undefined,
    readyDelayMs: undefined,
    logger: undefined,
  }
  await (await startRocksetServer(options)).close()
})

const wrong: [unknown, string][] = [
  [{}, 'data must be the path of a file'],
  [{ data: '' }, 'data must be the path of a file'],
  [{ data: 'a\0b' }, 'data must be the path of a file'],
  [{ data, port: -1 }, 'port must be an integer from 0 to 65535'],
  [{ data, port: 65_536 }, 'port must be an integer from 0 to 65535'],
  [{ data, port: '4243' }, 'port must be an integer from 0 to 65535'],
  [{ data, host: '' }, 'host must be an address'],
  [{ data, host: '192.168.1.2' }, 'host 192.168.1.2 can be reached by others: apiKey is needed'],
  [{ data, apiKey: '' }, 'apiKey must be ASCII characters without spaces'],
  [{ data, apiKey: 'a b' }, 'apiKey must be ASCII characters without spaces'],
  [{ data, apiKey: 'é' }, 'apiKey must be ASCII characters without spaces'],
  [{ data, visibilityDelayMs: -1 }, 'visibilityDelayMs must be from 0 to 3600000'],
  [{ data, readyDelayMs: Number.NaN }, 'readyDelayMs must be from 0 to 3600000'],
]
test.each(wrong)('%j is refused', async (options, message) => {
  await expect(startRocksetServer(options as RocksetServerOptions)).rejects.toThrow(new RegExp(`^${message}`))
  await expect(startRocksetServer(options as RocksetServerOptions)).rejects.toBeInstanceOf(TypeError)
})
