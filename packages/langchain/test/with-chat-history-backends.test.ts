import { afterAll, beforeAll } from 'vitest'
import { type Database as DynamoDB, openDatabase as openDynamoDB } from '../../dynamodb/test/database.js'
import { openDatabase as openRockset, type Database as Rockset } from '../../rockset/test/database.js'
import { withChatHistorySuite } from './with-chat-history-suite.js'

let dynamodb: DynamoDB
let rockset: Rockset
beforeAll(async () => {
  ;[dynamodb, rockset] = await Promise.all([openDynamoDB(), openRockset()])
})
afterAll(() => Promise.all([dynamodb.close(), rockset.close()]))

withChatHistorySuite({ name: 'DynamoDB', createStore: () => dynamodb.store({ tableName: 'chains', setupMode: 'sync' }) })
withChatHistorySuite({
  name: 'DynamoDB, layout list',
  createStore: () => dynamodb.store({ tableName: 'chain-lists', layout: 'list', setupMode: 'sync' }),
})
withChatHistorySuite({ name: 'Rockset', createStore: () => rockset.store({ collection: 'chains' }) })
