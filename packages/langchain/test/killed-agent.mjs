// An agent in a process of its own, which is killed while its tool runs: node killed-agent.mjs <module> <function> <options> <session>
import process from 'node:process'
import { chatHistoryMiddleware } from '@hist/langchain'
import { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { AIMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { createAgent } from 'langchain'
import { z } from 'zod'

const [module, createStore, options, session] = process.argv.slice(2)

class CallingModel extends BaseChatModel {
  _llmType() {
    return 'calling'
  }

  bindTools() {
    return this
  }

  async _generate() {
    const tool_calls = ['weather', 'news'].map(subject => ({ id: `call-${subject}`, name: 'look', args: { subject } }))
    return { generations: [{ text: '', message: new AIMessage({ content: '', tool_calls }) }] }
  }
}

const look = tool(() => process.kill(process.pid, 'SIGKILL'), {
  name: 'look',
  description: 'Looks something up.',
  schema: z.object({ subject: z.string() }),
})
const { [createStore]: create } = await import(module)
const middleware = [chatHistoryMiddleware({ store: create(JSON.parse(options)) })]
const agent = createAgent({ model: new CallingModel({}), tools: [look], middleware })
await agent.invoke({ messages: [{ role: 'user', content: 'one' }] }, { configurable: { thread_id: session } })
