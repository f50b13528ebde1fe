// npm start -- <session> <question>
// The service's address, region and keys come from the environment: AWS_ENDPOINT_URL_DYNAMODB, AWS_REGION, AWS_ACCESS_KEY_ID …
import { createChat } from './chat.js'

const [sessionId = 'somebody', question = 'hi'] = process.argv.slice(2)
const chat = createChat({ tableName: 'ChatHistory', setupMode: 'sync' })
console.info(await chat.ask(sessionId, question))
