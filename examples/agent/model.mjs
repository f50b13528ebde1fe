// @ts-check
// Stands in for the model of a provider: it answers from what it is shown, and without a network.
import { randomUUID } from 'node:crypto'
import { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { AIMessage } from '@langchain/core/messages'

/** @typedef {import('@langchain/core/messages').BaseMessage} BaseMessage */

const ordinals = ['first', 'second', 'third']

export class LocalModel extends BaseChatModel {
  _llmType() {
    return 'local'
  }

  /** @override */
  bindTools() {
    return this
  }

  /**
   * @override
   * @param {BaseMessage[]} messages
   */
  async _generate(messages) {
    const message = replyTo(messages)
    return { generations: [{ text: message.text, message }] }
  }
}

/** @param {BaseMessage[]} messages */
function replyTo(messages) {
  const newest = messages.at(-1)
  const text = newest?.text ?? ''
  if (newest?.getType() === 'tool') {
    if (newest.name !== 'find_trains') return new AIMessage(text)
    const trains = trainsIn(newest)
    return new AIMessage(trains.map(({ train, departs }, index) => `${index + 1}. ${train} at ${departs}`).join(', '))
  }
  const [, from, to] = /from (\S+) to (\S+?)\W*$/.exec(text) ?? []
  if (from && to) return calling('find_trains', { from, to })
  const choice = ordinals.findIndex(ordinal => text.includes(ordinal))
  const found = messages.findLast(message => message.getType() === 'tool' && message.name === 'find_trains')
  const train = found && trainsIn(found)[choice]?.train
  return train === undefined ? new AIMessage('Which train?') : calling('book_train', { train })
}

/**
 * @param {BaseMessage} result
 * @returns {{ train: string, departs: string }[]}
 */
function trainsIn(result) {
  return JSON.parse(result.text)
}

/**
 * @param {string} name
 * @param {Record<string, string>} args
 */
function calling(name, args) {
  return new AIMessage({ content: '', tool_calls: [{ id: randomUUID(), name, args }] })
}
