import { FakeListChatModel } from '@langchain/core/utils/testing'

/** Stands in for the chat model of your provider. */
export const model = new FakeListChatModel({ responses: ['Hello!'] })
