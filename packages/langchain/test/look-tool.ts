import { tool } from '@langchain/core/tools'
import { z } from 'zod'

/** Answers `found a` to `look(a)`, after `before` has run. */
export function lookTool(before: (subject: string) => unknown = () => undefined) {
  return tool(
    async ({ subject }: { subject: string }) => {
      await before(subject)
      return `found ${subject}`
    },
    { name: 'look', description: 'Looks something up.', schema: z.object({ subject: z.string() }) },
  )
}
