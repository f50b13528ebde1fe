import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import dynalite from 'dynalite'
import { afterAll, beforeAll, describe } from 'vitest'
import { buildProgram } from './program.js'
import { chatServerScenario } from './scenario.js'

describe('the chat server on DynamoDB', () => {
  const server = dynalite({ createTableMs: 0 })

  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })

  afterAll(async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  })

  chatServerScenario(() =>
    buildProgram('store-dynamodb.ts', {
      AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    }),
  )
})
