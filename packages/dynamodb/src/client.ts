import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { DynamoDBOptions } from './options.js'

/** What is used of the SDK's `DynamoDBClient`, so that a client of another copy or version of the SDK fits. */
export interface DynamoDBClientLike {
  send(command: never, options?: { abortSignal?: AbortSignal }): Promise<unknown>
  destroy(): void
}

/** @internal */
export interface OpenClient {
  readonly client: DynamoDBClientLike
  /** Closes a client that we made; leaves one of the app's alone. */
  close(): void
}

/** No I/O. @internal */
export function openClient({ client, endpointUrl, region, credentials }: DynamoDBOptions): OpenClient {
  if (client !== undefined) return { client, close: () => undefined }
  const own = new DynamoDBClient({
    // Core repeats every call by the same key and inside one deadline; a second layer would spend the time on back-off of its own.
    maxAttempts: 1,
    ...(endpointUrl === undefined ? {} : { endpoint: endpointUrl }),
    ...(region === undefined ? {} : { region }),
    // The SDK writes into the keys it is given.
    ...(credentials === undefined ? {} : { credentials: typeof credentials === 'function' ? credentials : { ...credentials } }),
  })
  return { client: own, close: () => own.destroy() }
}
