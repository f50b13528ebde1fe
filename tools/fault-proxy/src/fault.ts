/**
 * What happens to one request.
 *
 * | fault | reaches the server | what the client sees |
 * |---|---|---|
 * | `'pass'` | yes | the answer |
 * | `'drop-before'` | no | connection reset |
 * | `'drop-after'` | yes | connection reset |
 * | `'truncate'` | yes | head and first half of the answer, then connection reset |
 * | `'error-before'` | no | status 500 |
 * | `'error-after'` | yes | status 500 |
 * | `'hang-before'` | no | nothing, until the proxy is closed |
 * | `'hang-after'` | yes | nothing, until the proxy is closed |
 * | `Answer` | no | that answer |
 * | `Rewrite` | yes, perhaps changed | the changed answer |
 */
export type Fault =
  | 'pass'
  | 'drop-before'
  | 'drop-after'
  | 'truncate'
  | 'error-before'
  | 'error-after'
  | 'hang-before'
  | 'hang-after'
  | Answer
  | Rewrite

/** An answer that the proxy gives itself. */
export interface Answer {
  readonly status: number
  /** Text is sent as it is, anything else as JSON. */
  readonly body: unknown
  readonly contentType?: string
}

/** Changes a request with a JSON body, its JSON answer, or both. */
export interface Rewrite {
  /** The request's body to forward instead. */
  readonly forward?: unknown
  /** The answer's body to return instead. */
  readonly rewrite: (answer: unknown) => unknown
}

/** An error as DynamoDB answers it: `name` is what the SDK makes `error.name` of. */
export function dynamoDBError(name: string, message = name, status = 400): Answer {
  return {
    status,
    contentType: 'application/x-amz-json-1.0',
    body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message },
  }
}

export function throttle(): Answer {
  return dynamoDBError('ProvisionedThroughputExceededException', 'The level of configured provisioned throughput was exceeded')
}

interface BatchWrite {
  RequestItems: Record<string, unknown[]>
}

/** Forwards the first half of a DynamoDB BatchWriteItem, at least one request, and reports the rest as `UnprocessedItems`. */
export function halveBatchWrite(request: { json(): unknown }): Rewrite {
  const batch = request.json() as BatchWrite
  const tables = Object.entries(batch.RequestItems)
  const half = (part: 'first' | 'second') => {
    const cut = tables.map(([table, requests]) => {
      const middle = Math.ceil(requests.length / 2)
      return [table, part === 'first' ? requests.slice(0, middle) : requests.slice(middle)] as const
    })
    return Object.fromEntries(cut.filter(([, requests]) => requests.length > 0))
  }
  const unprocessed = half('second')
  return {
    forward: { ...batch, RequestItems: half('first') },
    rewrite: answer => ({ ...(answer as object), UnprocessedItems: unprocessed }),
  }
}
