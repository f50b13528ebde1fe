import { argumentError, HistoryError } from '@hist/core'
import { fromStoredMessage, type SessionOfStore, type SessionWithSettings, StoredChatMessageHistory } from '@hist/core/langchain'
import { createKafkaHistory, type KafkaOptions } from '@hist/kafka/store'
import type { BaseMessage } from '@langchain/core/messages'
import { type ConsumerReadOptions, type ConsumerStart, consumerReadsOf } from './consumer-reads-of.js'

/**
 * The history of one session in a Kafka topic, for LangChain. Make one whenever it is needed: all with equal settings, or with the same
 * `client`, share one store and its connections, which are closed with the last of them.
 *
 * ```ts
 * const history = new KafkaChatMessageHistory({ bootstrapServers: '127.0.0.1:9092', topicPrefix: 'chat-', sessionId: 'user-42' })
 * await history.addMessages([new HumanMessage('hi'), new AIMessage('hello')])
 * ```
 *
 * The `messagesFrom…` methods are those of Python's class, and share their place with it: the offsets that the consumer group named as the
 * topic has committed. The group is not joined. While others have joined it, as a Python reader does for some seconds, they cannot move the
 * place: they try again until `maxTimeSec` is over, and then reject with `CONFLICT`. A call that rejects can have moved the place all the same; `getMessages()` has
 * every message always.
 */
export class KafkaChatMessageHistory extends StoredChatMessageHistory<KafkaOptions> {
  #isClosed = false

  /**
   * No I/O.
   * @throws TypeError naming an unknown or wrong option
   */
  constructor(fields: SessionOfStore | SessionWithSettings<KafkaOptions>) {
    super(fields, createKafkaHistory)
  }

  /**
   * The first messages that there are, at once, and puts the place behind them. `maxTimeSec` is the deadline.
   * @throws TypeError for wrong options, or if the store is not one of `createKafkaHistory`
   */
  messagesFromBeginning(options?: ConsumerReadOptions): Promise<BaseMessage[]> {
    return this.#read('messagesFromBeginning', 'beginning', options)
  }

  /**
   * The messages behind the place that is committed, at once, and puts it behind them. Without one, or if the messages there are gone, it
   * begins with the first that there is. Two calls at a time can return the same messages. `maxTimeSec` is the deadline.
   * @throws TypeError for wrong options, or if the store is not one of `createKafkaHistory`
   */
  messagesFromLastConsumed(options?: ConsumerReadOptions): Promise<BaseMessage[]> {
    return this.#read('messagesFromLastConsumed', 'last-consumed', options)
  }

  /**
   * The messages that come after the call: resolves as soon as there are any, or with none after `maxTimeSec`, and puts the place behind
   * them. `messagesFromLastConsumed` goes on from there.
   * @throws TypeError for wrong options, or if the store is not one of `createKafkaHistory`
   */
  messagesFromLatest(options?: ConsumerReadOptions): Promise<BaseMessage[]> {
    return this.#read('messagesFromLatest', 'latest', options)
  }

  override close(): Promise<void> {
    this.#isClosed = true
    return super.close()
  }

  async #read(method: string, start: ConsumerStart, options?: ConsumerReadOptions): Promise<BaseMessage[]> {
    const { history } = this
    const reads = consumerReadsOf(history)
    if (reads === undefined) throw argumentError(`${method}: the store must be one that createKafkaHistory made`)
    if (this.#isClosed) {
      const { sessionId: session } = history
      throw new HistoryError('the history is closed', { code: 'CLOSED', backend: 'kafka', session })
    }
    const messages = await reads.messages(method, history.sessionId, start, options)
    return messages.map(message => fromStoredMessage(message, { transfer: true }))
  }
}
