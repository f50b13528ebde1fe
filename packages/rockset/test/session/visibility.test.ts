import { lateVisibilityContract } from '../late-visibility.js'
import { setUp } from './conformance-setup.js'

// A minute, so in a file of its own.
lateVisibilityContract('Rockset session, visible 300 ms later', visibilityDelayMs =>
  setUp({ collection: 'chat', addTimeoutMs: 60_000, sleepIntervalMs: 50 }, visibilityDelayMs),
)
