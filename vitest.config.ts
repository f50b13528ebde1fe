import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const include = (names: string) => [
  `packages/*/test/**/${names}`,
  `tools/*/test/**/${names}`,
  `examples/*/test/**/${names}`,
  `scripts/**/${names}`,
]
const servers = '**/*.server.test.ts'
const clusters = '**/*.cluster.server.test.ts'

/** What takes a minute and more begins first, so that no worker is left with it at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) =>
      /(moto|visibility|three-nodes|packages\/kafka\/test\/python)\.[\w.]*test\.ts$/.test(moduleId)
    const sorted = await super.sort(files)
    return [...sorted.filter(isLong), ...sorted.filter(file => !isLong(file))]
  }
}

export default defineConfig({
  // Tests import workspace packages by name and get src, not dist. Added to Vite's own conditions, not instead of them.
  ssr: { resolve: { conditions: ['@hist/source'] } },
  test: {
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    // For what hangs: beside the servers, on two cores, the longest tests take ten times what they take alone.
    testTimeout: 90_000,
    // Many tests wait; vitest's own choice, a worker less than there are cores, leaves a small machine idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    hookTimeout: 60_000,
    // Tests that need a real server are named *.server.test.ts: `check` runs the first three projects, `test` all. A project's servers start only
    // when one of its files runs.
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: include('*.test.ts'), exclude: [...configDefaults.exclude, servers] },
      },
      {
        // What touches LangChain once more, on the lowest version of its core that is supported; the other projects have the newest.
        extends: true,
        resolve: { alias: [{ find: /^@langchain\/core(?=\/|$)/, replacement: 'langchain-core-floor' }] },
        test: {
          name: 'floor',
          // To load LangChain anew for each file costs more than its tests.
          isolate: false,
          include: [
            'packages/core/test/codec/*.test.ts',
            'packages/core/test/langchain/stored-chat-message-history.test.ts',
            'packages/*/test/chat-message-history.test.ts',
            'packages/langchain/test/{turns,window}.test.ts',
            'packages/langchain/test/with-chat-history{,-forms,-stream,-beside-built-in}.test.ts',
          ],
        },
      },
      {
        // The middleware once more, on the lowest version of langchain that is supported.
        extends: true,
        resolve: { alias: [{ find: /^langchain$/, replacement: 'langchain-floor' }] },
        test: {
          name: 'agent-floor',
          isolate: false,
          include: ['packages/langchain/test/middleware*.test.ts'],
          exclude: [...configDefaults.exclude, servers, '**/middleware-backends.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'servers',
          include: include('*.server.test.ts'),
          exclude: [...configDefaults.exclude, clusters],
          globalSetup: ['tools/servers/src/vitest-jars.ts', 'tools/servers/src/vitest-servers.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'clusters',
          include: include('*.cluster.server.test.ts'),
          globalSetup: ['tools/servers/src/vitest-jars.ts'],
          // Three nodes at a time are enough for a small machine, and nothing else should compete with them.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
