export {
  type ConformanceOptions,
  type ConformanceSetup,
  type HistoryBackendContract,
  historyBackendContract,
} from './contract.js'
export type { ConformanceRunner } from './suite.js'
export { createTestClock, type TestClock, type TestClockOptions } from './test-clock.js'
