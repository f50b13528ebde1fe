import { SimpleChatModel } from '@langchain/core/language_models/chat_models'
import type { BaseMessage } from '@langchain/core/messages'

/** Stands in for the model of a provider: the same prompt always gets the same answer, which tells what the model has seen. */
export class MemorisingModel extends SimpleChatModel {
  _llmType(): string {
    return 'memorising'
  }

  async _call(messages: BaseMessage[]): Promise<string> {
    const said = messages.filter(message => message.getType() === 'human').map(message => String(message.content))
    return `You have said ${said.length}: ${said.join(', ')}.`
  }
}
