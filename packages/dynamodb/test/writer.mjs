// A process of its own: appends pairs of messages to one session until it has made `count` of them or is killed, and says so after
// each that was acknowledged.
import { createDynamoDBHistory } from '@hist/dynamodb/store'

const [endpointUrl, tableName, session, name, count, padding] = process.argv.slice(2)
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const store = createDynamoDBHistory({
  tableName,
  endpointUrl,
  region: 'us-east-1',
  credentials,
  compress: false,
  timeoutMs: 60_000,
})
const chat = store.session(session)
const tail = 'x'.repeat(Number(padding))

const appends = []
for (let number = 0; number < Number(count); number++) {
  const messages = ['a', 'b'].map(part => ({ type: 'human', data: { content: `${name} ${number} ${part} ${tail}` } }))
  const append = chat.append(messages).then(() => process.send(number))
  if (count === 'Infinity') await append
  else appends.push(append)
}
await Promise.all(appends)
await store.close()
process.disconnect()
