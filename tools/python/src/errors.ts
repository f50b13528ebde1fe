/** The virtual environment could not be made. The message says what to do. */
export class PythonEnvironmentError extends Error {
  override readonly name = 'PythonEnvironmentError'
}

/** A method of the peer raised an exception. */
export class PythonError extends Error {
  override readonly name = 'PythonError'

  constructor(
    /** Name of the exception's class, without its module: `ValueError`, `NoHostAvailable`. */
    readonly type: string,
    /** Its text, without the name. */
    readonly text: string,
    readonly traceback: string,
  ) {
    super(text === '' ? type : `${type}: ${text}`)
  }
}

/** The peer's process could not be started, ended by itself or was stopped with a call under way. The message has its last stderr. */
export class PythonProcessError extends Error {
  override readonly name = 'PythonProcessError'
}
