import { defineConfig } from 'tsup'

// How every backend is built. The root imports ./store by its public name: CommonJS output does not share chunks, and one process needs one
// registry of stores.
export default defineConfig({
  entry: { index: 'src/index.ts', store: 'src/store.ts' },
  format: ['esm', 'cjs'],
  target: 'node20',
  dts: true,
  clean: true,
  sourcemap: true,
  splitting: false,
  external: [/^@hist\//, /^@langchain\//],
})
