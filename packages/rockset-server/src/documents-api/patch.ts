import { DocumentError } from '../errors.js'
import { parseJson } from '../json/parse.js'
import { stringifyJson } from '../json/stringify.js'
import { isDeeperThan } from '../json/text.js'
import { indexedMembers } from '../storage/index-keys.js'
import type { WriteBatch } from '../storage/write-log.js'
import { completeDocument } from './add.js'
import { applyOperation, type CopyBudget } from './operations.js'

/**
 * All operations of `patch`, or none. `upsert`, which Rockset did not have, is the document to begin with if there is none: so two first writers
 * cannot overwrite one another.
 * @throws DocumentError NOTFOUND if there is no document; INVALIDINPUT if an operation fails;
 * CONTENTTOOLARGE if the document would become too large, or too deep.
 */
export function patchDocument(
  batch: WriteBatch,
  { _id, patch, upsert }: { _id: string; patch?: unknown; upsert?: unknown },
  now: number,
  budget: CopyBudget,
): { _id: string; status: 'PATCHED' } {
  if (!Array.isArray(patch)) throw new DocumentError('INVALIDINPUT', 'patch must be a list of operations')
  const text = batch.text(_id)
  const document =
    text === undefined ? firstDocument(_id, upsert, now) : (parseJson(text) as unknown as ReturnType<typeof firstDocument>)
  const previousMembers = text === undefined ? undefined : indexedMembers(document)
  for (const operation of patch) applyOperation(document, operation, budget)
  batch.write({ id: _id, next: { text: textOf(document, patch), members: indexedMembers(document) }, previousMembers })
  return { _id, status: 'PATCHED' }
}

const maxDepth = 2_000
/** As long as the longest answer: what is stored can be read. */
const longestText = 100 * 1_024 * 1_024

/** Bodies are bounded in depth, but patch after patch could put one into another. */
function textOf(document: unknown, patch: readonly { readonly op?: unknown; readonly path?: unknown }[]): string {
  try {
    const text = stringifyJson(document)
    const mayBeDeep = patch.some(
      ({ op, path }) => /^(copy|move)$/i.test(String(op)) || String(path).split('/').length > maxDepth / 4,
    )
    if (text.length <= longestText && !(mayBeDeep && isDeeperThan(text, maxDepth))) return text
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  throw new DocumentError('CONTENTTOOLARGE', 'the document would become too large or too deep')
}

function firstDocument(id: string, upsert: unknown, now: number) {
  if (upsert === undefined) throw new DocumentError('NOTFOUND', `document ${id} not found`)
  if (typeof upsert !== 'object' || upsert === null || Array.isArray(upsert))
    throw new DocumentError('INVALIDINPUT', 'upsert must be an object')
  // The values of the request are changed by the operations; another document of the request may not see that.
  return completeDocument(structuredClone(upsert) as Record<string, unknown>, id, now)
}
