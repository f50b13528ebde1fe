import { defineConfig } from 'tsup'

// What Python runs is beside the code that starts it, in src and in dist.
export default defineConfig({
  entry: { index: 'src/index.ts', peer: 'src/peer.py', watched: 'src/watched.py' },
  loader: { '.py': 'copy' },
  format: 'esm',
  target: 'node20',
  clean: true,
})
