// A number as the double nearest to it, then the exact difference: so integers of any size sort among all numbers, and equal only themselves.
const difference = { negative: 0x7f, none: 0x80, positive: 0x81 }

export function encodeNumber(value: number | bigint): Uint8Array {
  const nearest = Number(value)
  // Adding 0 makes -0 into 0, to which it is equal.
  const double = encodeDouble(nearest + 0)
  if (typeof value === 'number') return Buffer.concat([double, Buffer.of(difference.none)])
  const rest = value - (Number.isFinite(nearest) ? BigInt(nearest) : 0n)
  return Buffer.concat([double, encodeRest(rest)])
}

export function numberLength(key: Uint8Array, start: number): number {
  const sign = key[start + 8]
  if (sign === difference.none) return 9
  const length = Buffer.from(key.buffer, key.byteOffset, key.byteLength).readUInt32BE(start + 9)
  return 13 + (sign === difference.negative ? ~length >>> 0 : length)
}

function encodeDouble(value: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  const isNegative = value < 0
  return bytes.map((byte, index) => (isNegative ? ~byte : index === 0 ? byte ^ 0x80 : byte))
}

function encodeRest(rest: bigint): Uint8Array {
  if (rest === 0n) return Buffer.of(difference.none)
  const hex = (rest < 0n ? -rest : rest).toString(16)
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  const amount = Buffer.concat([length, bytes])
  return Buffer.concat([
    Buffer.of(rest < 0n ? difference.negative : difference.positive),
    rest < 0n ? amount.map(byte => ~byte) : amount,
  ])
}
