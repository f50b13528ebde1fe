import { ServerUnavailableError } from './errors.js'

/** Crosses from Vitest's main process to the tests. */
export type Availability<T> = { readonly value: T } | { readonly unavailable: string } | { readonly failed: string }

export async function availabilityOf<T>(provide: () => Promise<T>): Promise<Availability<T>> {
  try {
    return { value: await provide() }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return error instanceof ServerUnavailableError ? { unavailable: message } : { failed: message }
  }
}
