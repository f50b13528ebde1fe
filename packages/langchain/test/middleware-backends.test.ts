import { createMemoryHistory } from '@hist/core'
import { afterAll, beforeAll } from 'vitest'
import { type Database as DynamoDB, openDatabase as openDynamoDB } from '../../dynamodb/test/database.js'
import { openDatabase as openRockset, type Database as Rockset } from '../../rockset/test/database.js'
import { middlewareSuite } from './middleware-suite.js'

let dynamodb: DynamoDB
let rockset: Rockset
beforeAll(async () => {
  ;[dynamodb, rockset] = await Promise.all([openDynamoDB(), openRockset()])
})
afterAll(() => Promise.all([dynamodb.close(), rockset.close()]))

middlewareSuite({ name: 'memory', createStore: () => createMemoryHistory() })

const tables = { tableName: 'agents', setupMode: 'sync' } as const
middlewareSuite({
  name: 'DynamoDB',
  createStore: () => dynamodb.store(tables),
  elsewhere: () => ({
    module: '@hist/dynamodb/store',
    createStore: 'createDynamoDBHistory',
    options: { ...dynamodb.own(), ...tables },
  }),
})

const collections = { collection: 'agents' }
middlewareSuite({
  name: 'Rockset',
  createStore: () => rockset.store(collections),
  elsewhere: () => ({
    module: '@hist/rockset/store',
    createStore: 'createRocksetHistory',
    options: { ...rockset.own(), ...collections },
  }),
})
