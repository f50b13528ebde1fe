// What the authors of backends need beside the contract. Apart from the root, which apps bundle.
export { addressTried } from './address-tried.js'
export { millisecondsOf, TICKS_PER_MS, ticksOf } from './append-id.js'
export { type Clock, systemClock } from './clock.js'
export { Once } from './once.js'
export {
  checkOptions,
  duration,
  flag,
  having,
  integer,
  type OptionCheck,
  type OptionChecks,
  oneOf,
  pickStoreOptions,
  refuseBeside,
  storeChecks,
  windowChecks,
} from './options.js'
export { pause, pauseBefore, persist } from './persist.js'
export { warningListener } from './warning.js'
