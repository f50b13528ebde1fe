import { type BaseMessage, isBaseMessage } from '@langchain/core/messages'
import { concat } from '@langchain/core/utils/stream'
import { isFields } from './run-messages.js'

/** How a runnable puts the chunks of its stream together; older versions of `@langchain/core` do not say. */
type Concat = (first: unknown, second: unknown) => unknown

/**
 * The output so far with its next chunk. What cannot be put together, such as two truth values, is as the chunk has it, and messages that are no
 * chunks make a list.
 */
export function joinedOutput(runnable: object, output: unknown, chunk: unknown): unknown {
  const { _concatOutputChunks: own } = runnable as { _concatOutputChunks?: Concat }
  try {
    return own === undefined ? concat(output as never, chunk as never) : own.call(runnable, output, chunk)
  } catch {
    return joined(output, chunk)
  }
}

function joined(output: unknown, chunk: unknown): unknown {
  if (isFields(output) && isFields(chunk)) {
    const members = Object.entries(chunk).map(([key, value]) => [key, key in output ? joinedMember(output[key], value) : value])
    return { ...output, ...Object.fromEntries(members) }
  }
  const messages = [output, chunk].flat()
  return messages.every(message => isBaseMessage(message as BaseMessage)) ? messages : chunk
}

/** As LangChain has it, the later list takes the place of the other. */
function joinedMember(output: unknown, chunk: unknown): unknown {
  return Array.isArray(output) ? chunk : joinedOutput({}, output, chunk)
}
