import type { Socket } from 'node:net'

const LENGTH_BYTES = 4

/** Calls with each whole frame that arrives, its length included. A length below zero is no Kafka: the socket is destroyed. */
export function eachFrame(socket: Socket, take: (frame: Buffer) => void): void {
  let chunks: Buffer[] = []
  let size = 0
  let needed = LENGTH_BYTES
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    size += chunk.length
    // A large frame comes in many chunks: joined once, not with every chunk.
    if (size < needed) return
    let rest = Buffer.concat(chunks)
    for (needed = frameSize(rest); needed <= rest.length; needed = frameSize(rest)) {
      if (needed < LENGTH_BYTES) {
        socket.destroy()
        return
      }
      take(rest.subarray(0, needed))
      rest = rest.subarray(needed)
    }
    chunks = [rest]
    size = rest.length
  })
}

/** Of the first frame; of one whose length is still to come, at least that. */
function frameSize(bytes: Buffer): number {
  return bytes.length < LENGTH_BYTES ? LENGTH_BYTES : LENGTH_BYTES + bytes.readInt32BE()
}

export function frameOf(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeInt32BE(body.length)
  return Buffer.concat([length, body])
}

export function bodyOf(frame: Buffer): Buffer {
  return frame.subarray(LENGTH_BYTES)
}
