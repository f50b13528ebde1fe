export { makePythonEnvironment, type PythonEnvironment, type PythonEnvironmentOptions } from './environment.js'
export { PythonEnvironmentError, PythonError, PythonProcessError } from './errors.js'
export { findPython, type PythonInterpreter, type PythonSearch } from './interpreter.js'
export { type PythonPeer, type PythonPeerOptions, startPythonPeer } from './peer.js'
