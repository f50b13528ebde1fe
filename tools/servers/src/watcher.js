// @ts-check
// Kills servers and removes their folders when the process that started them is gone. That process holds the other end of our stdin and
// writes a line per cluster: `watch <folder>` before it starts one, `forget <folder>` when it has stopped it or lets it live on.
import { createInterface } from 'node:readline'
import { removeCluster } from './owned-process.js'

/** @type {Set<string>} */
const clusters = new Set()
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => undefined)
for await (const line of createInterface({ input: process.stdin })) {
  const [, command, folder = ''] = /^(watch|forget) (.+)$/.exec(line) ?? []
  if (command === 'watch') clusters.add(folder)
  if (command === 'forget') clusters.delete(folder)
}
await Promise.all([...clusters].map(removeCluster))
