// Why: package.json is a program for resolvers, and its mistakes show only in someone else's project: a missing file, the order of
// conditions, a CommonJS file with the wrong ending. publint knows the rules of Node and the bundlers; --strict makes its warnings errors.
import { readFile } from 'node:fs/promises'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

/**
 * @param {import('../unpacked-package.mjs').UnpackedPackage} subject
 * @returns {Promise<import('../unpacked-package.mjs').Outcome>}
 */
export async function checkWithPublint({ name, tarball, manifest }) {
  const { buffer } = new Uint8Array(await readFile(tarball))
  const { messages } = await publint({ pack: { tarball: buffer }, strict: true })
  return { problems: messages.map(message => `publint ${name}: ${formatMessage(message, manifest, { color: false })}`) }
}
