import { defineConfig } from 'tsup'

export default defineConfig([
  {
    entry: { index: 'src/index.ts' },
    format: ['esm', 'cjs'],
    target: 'node20',
    dts: true,
    // Not what the other configuration, which runs at the same time, writes.
    clean: ['!cli.js', '!cli.js.map'],
    sourcemap: true,
    splitting: false,
  },
  // Only a program, so ESM alone and no types; the server itself is the built one beside it.
  {
    entry: { cli: 'src/cli.ts' },
    format: ['esm'],
    target: 'node20',
    sourcemap: true,
    splitting: false,
    external: ['./index.js'],
  },
])
