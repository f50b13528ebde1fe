import { defineConfig } from 'tsup'

// CommonJS output does not share chunks: the other entries import the root by its public name, so that every entry sees the
// same classes and the same clock.
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'backend-support': 'src/backend-support.ts',
    'langchain/index': 'src/langchain/index.ts',
    'conformance/index': 'src/conformance/index.ts',
  },
  format: ['esm', 'cjs'],
  target: 'node20',
  dts: true,
  clean: true,
  sourcemap: true,
  splitting: false,
  external: [/^@hist\//, /^@langchain\//],
})
