import { promisify } from 'node:util'
import { gunzip, gunzipSync, gzip, gzipSync } from 'node:zlib'

const gzipInBackground = promisify(gzip)
const gunzipInBackground = promisify(gunzip)

/** In bytes. Larger blobs would hold the event loop up for milliseconds; smaller ones are done sooner than a thread has them. */
const IN_BACKGROUND = 65_536

export async function compress(blob: Uint8Array): Promise<Buffer> {
  return blob.length > IN_BACKGROUND ? gzipInBackground(blob) : gzipSync(blob)
}

/** @throws if that is not gzip */
export async function decompress(blob: Uint8Array): Promise<Buffer> {
  return blob.length > IN_BACKGROUND ? gunzipInBackground(blob) : gunzipSync(blob)
}
