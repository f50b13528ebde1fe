// Compiled against the packed package, as ESM, as CommonJS and for bundlers; never run.
import type { HistoryStore } from '@hist/core'
import { createRocksetHistory, RocksetBackend, RocksetChatMessageHistory } from '@hist/rockset'
import {
  type CollectionOptions,
  createRocksetHistory as createWithoutLangChain,
  type InjectedClientOptions,
  type MessageLayoutOptions,
  type OwnClientOptions,
  type RocksetClientLike,
  type RocksetOptions,
  type SessionLayoutOptions,
} from '@hist/rockset/store'
import type { BaseListChatMessageHistory } from '@langchain/core/chat_history'

/** Its function is `default` of the module, or, for Node in ESM, `default` of that. */
type FunctionOf<Module> = Module extends (...parameters: never[]) => unknown
  ? Module
  : Module extends { default: infer Default }
    ? FunctionOf<Default>
    : never
declare const client: ReturnType<FunctionOf<typeof import('@rockset/client')>>
const own: OwnClientOptions = { apiKey: 'key', apiServer: 'http://127.0.0.1:4243' }
const borrowed: RocksetClientLike = client
const theirs: InjectedClientOptions = { client: borrowed }
const collection: CollectionOptions = { collection: 'chat', workspace: 'prod', setupMode: 'off' }
const session: SessionLayoutOptions = { ...collection, messagesKey: 'chat', sync: true }
const message: MessageLayoutOptions = { ...collection, layout: 'message', ttlSeconds: 86_400, server: 'rockset' }
const options: RocksetOptions = { ...own, ...message }

export const shared: HistoryStore = createRocksetHistory({ ...own, ...session })
export const injected: HistoryStore = createWithoutLangChain({ client, collection: 'chat' })
export const others: unknown[] = [new RocksetBackend(options), createWithoutLangChain({ ...message, ...theirs })]
export const langChain: BaseListChatMessageHistory[] = [
  new RocksetChatMessageHistory({ ...own, sessionId: 'user-42', collection: 'chat' }),
  new RocksetChatMessageHistory({ sessionId: 'user-42', store: shared }),
]
// @ts-expect-error a client excludes the settings of one
createRocksetHistory({ client, collection: 'chat', apiKey: 'key' })
// @ts-expect-error there is no default server
createRocksetHistory({ collection: 'chat', apiKey: 'key' })
// @ts-expect-error messages expire in layout 'message' only
createRocksetHistory({ ...own, collection: 'chat', ttlSeconds: 60 })
