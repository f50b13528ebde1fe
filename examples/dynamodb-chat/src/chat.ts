import { DynamoDBChatMessageHistory, type DynamoDBOptions } from '@hist/dynamodb'
import { ChatPromptTemplate, MessagesPlaceholder } from '@langchain/core/prompts'
import { RunnableWithMessageHistory } from '@langchain/core/runnables'
import { MemorisingModel } from './memorising-model.js'

export interface Chat {
  ask(sessionId: string, question: string): Promise<string>
}

/** A chain that keeps each session's messages in the table. A new history for each question: they all share one client. */
export function createChat(settings: DynamoDBOptions): Chat {
  const prompt = ChatPromptTemplate.fromMessages([
    ['system', 'Answer from what was said before.'],
    new MessagesPlaceholder('history'),
    ['human', '{question}'],
  ])
  const chain = new RunnableWithMessageHistory({
    runnable: prompt.pipe(new MemorisingModel({})),
    getMessageHistory: sessionId => new DynamoDBChatMessageHistory({ ...settings, sessionId }),
    inputMessagesKey: 'question',
    historyMessagesKey: 'history',
  })
  return {
    async ask(sessionId, question) {
      const answer = await chain.invoke({ question }, { configurable: { sessionId } })
      return String(answer.content)
    },
  }
}
