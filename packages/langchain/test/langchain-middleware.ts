import {
  type AgentMiddleware,
  ClearToolUsesEdit,
  contextEditingMiddleware,
  humanInTheLoopMiddleware,
  modelCallLimitMiddleware,
  summarizationMiddleware,
  toolCallLimitMiddleware,
} from 'langchain'
import type { ScriptedModel } from './scripted-model.js'

// LangChain's types of its own middleware fail under `exactOptionalPropertyTypes`.

export function peopleDecideOn(...tools: string[]): AgentMiddleware {
  const interruptOn = Object.fromEntries(tools.map(tool => [tool, true]))
  return humanInTheLoopMiddleware({ interruptOn } as never) as never
}

export function endAfterCalls(runLimit: number): AgentMiddleware {
  return modelCallLimitMiddleware({ runLimit, exitBehavior: 'end' } as never) as never
}

export function endAfterToolCalls(runLimit: number): AgentMiddleware {
  return toolCallLimitMiddleware({ runLimit, exitBehavior: 'end' } as never) as never
}

/** Takes the text out of all results but the newest. */
export function clearResults(): AgentMiddleware {
  const edit = new ClearToolUsesEdit({ trigger: { messages: 1 }, keep: { messages: 1 }, clearToolInputs: true } as never)
  return contextEditingMiddleware({ edits: [edit] }) as never
}

/** At so many messages, all but the newest two are summed up. */
export function summariseAt(messages: number, model: ScriptedModel): AgentMiddleware {
  return summarizationMiddleware({ model, trigger: { messages }, keep: { messages: 2 } } as never) as never
}
