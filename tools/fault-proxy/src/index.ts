export { type Answer, dynamoDBError, type Fault, halveBatchWrite, type Rewrite, throttle } from './fault.js'
export { type FaultProxy, type ProxyRequest, type Rule, startFaultProxy } from './proxy.js'
