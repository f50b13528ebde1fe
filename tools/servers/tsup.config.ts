import { defineConfig } from 'tsup'

// The watcher is a program: src and dist each have it beside the code that starts it.
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    vitest: 'src/vitest.ts',
    cli: 'src/cli.ts',
    'lock-jars': 'src/lock-jars.ts',
    watcher: 'src/watcher.js',
  },
  format: ['esm'],
  target: 'node20',
  clean: true,
  sourcemap: true,
  external: ['vitest'],
})
