// Vitest's globalSetup for *.server.test.ts: one server of each kind for all files.
import type { TestProject } from 'vitest/node'
import { showProgress } from './progress.js'
import { type ProvidedServer, provideServer } from './provide-server.js'
import { availabilityOf } from './vitest-availability.js'

const names = ['cassandra', 'dynamodb', 'kafka'] as const

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const progress = showProgress()
  const provided: ProvidedServer<(typeof names)[number]>[] = []
  const availabilities = await Promise.all(
    names.map(async name => {
      const availability = await availabilityOf(async () => {
        const server = await provideServer(name, { nodes: 1, onProgress: progress.of(name) })
        provided.push(server)
        if ('region' in server.address)
          console.info(`The tests make and delete tables of AWS in ${server.address.region}: it costs.`)
        return server.address
      })
      return [name, availability] as const
    }),
  )
  progress.end()
  project.provide('servers', Object.fromEntries(availabilities))
  return async () => {
    await Promise.all(provided.map(server => server.stop()))
  }
}
