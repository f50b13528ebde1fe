export type ErrorType =
  | 'AUTHEXCEPTION'
  | 'NOTFOUND'
  | 'ALREADYEXISTS'
  | 'INVALIDINPUT'
  | 'QUERY_ERROR'
  | 'CONTENTTOOLARGE'
  | 'NOT_READY'
  | 'NOTIMPLEMENTEDYET'
  | 'QUERY_TIMEOUT'
  | 'INTERNALERROR'

const statuses: Record<ErrorType, number> = {
  AUTHEXCEPTION: 401,
  NOTFOUND: 404,
  ALREADYEXISTS: 409,
  INVALIDINPUT: 400,
  QUERY_ERROR: 400,
  CONTENTTOOLARGE: 413,
  NOT_READY: 503,
  NOTIMPLEMENTEDYET: 501,
  QUERY_TIMEOUT: 408,
  INTERNALERROR: 500,
}

/** An answer that is not 200. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly type: ErrorType
  readonly status: number

  constructor(type: ErrorType, message: string, status = statuses[type]) {
    super(message)
    this.type = type
    this.status = status
  }
}

/** One document of a request cannot be written; the others are. Told inside the 200. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError'
  readonly type: 'NOTFOUND' | 'INVALIDINPUT' | 'CONTENTTOOLARGE'

  constructor(type: DocumentError['type'], message: string) {
    super(message)
    this.type = type
  }
}
