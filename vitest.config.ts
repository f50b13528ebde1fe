import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Tests import workspace packages by name and get src, not dist. Added to Vite's own conditions, not instead of them.
  ssr: { resolve: { conditions: ['@hist/source'] } },
  test: {
    // Tests that need a real server are named *.server.test.ts: `check` leaves them out, `test` runs them.
    include: [
      'packages/*/test/**/*.test.ts',
      'tools/*/test/**/*.test.ts',
      'examples/*/test/**/*.test.ts',
      'scripts/**/*.test.ts',
    ],
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
