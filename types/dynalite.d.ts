declare module 'dynalite' {
  import type { Server } from 'node:http'

  /** `path`: keep the tables in this folder; without it in memory. */
  export default function dynalite(options?: { createTableMs?: number; deleteTableMs?: number; path?: string }): Server
}
