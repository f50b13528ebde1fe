import { describe, expect, test } from 'vitest'
import { appendBounds, highestRowId, lowestRowId, positionOf, rowIdAt, rowIdOf, rowTicks } from '../src/row-id.js'

const ID = '017636000000000123-2abc01d2e3f4a5b6'

/** As Cassandra compares two TIMEUUIDs of equal ticks: the last eight bytes, as signed ones. */
function compareSigned(one: string, other: string): number {
  const signed = (row: string) => new Int8Array(Buffer.from(row.replaceAll('-', '').slice(16), 'hex'))
  const [left, right] = [signed(one), signed(other)]
  const place = left.findIndex((byte, index) => byte !== right[index])
  return place === -1 ? 0 : Math.sign((left[place] ?? 0) - (right[place] ?? 0))
}

describe('row ids', () => {
  test('carry ticks, writer and index where RFC 9562 has time, clock sequence and node', () => {
    const row = rowIdOf(ID, 0)
    expect(row).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(row.slice(19)).toBe('aabc-01d2e3f48080')
    expect(rowTicks(row)).toBe(17_636_000_000_000_123n)
  })

  test('agree with known moments: 1970, and the last tick of an append id', () => {
    expect(rowIdOf('000000000000000000-0000000000000000', 0).slice(0, 18)).toBe('13814000-1dd2-11b2')
    const last = rowIdOf('999999999999999999-3fffffffffffffff', 65_535)
    expect(rowTicks(last)).toBe(999_999_999_999_999_999n)
    expect(last.slice(19)).toBe('bfff-ffffffff7f7f')
  })

  test('of one append ascend with the index, as the server compares them', () => {
    const rows = Array.from({ length: 65_536 }, (_, index) => rowIdOf(ID, index))
    expect(new Set(rows).size).toBe(65_536)
    for (let index = 1; index < rows.length; index++) {
      if (compareSigned(rows[index - 1] ?? '', rows[index] ?? '') !== -1) expect.fail(`${index - 1} is not below ${index}`)
    }
    expect(appendBounds(rows[300] ?? '')).toEqual([rows[0], rows[65_535]])
  })

  test('lie between the bounds of their tick', () => {
    for (const writer of ['0000000000000000', '3fffffffffffffff', '2abc7f808080ffff']) {
      const row = rowIdOf(`017636000000000123-${writer}`, 77)
      expect(compareSigned(lowestRowId(17_636_000_000_000_123n), row)).toBe(-1)
      expect(compareSigned(row, highestRowId(17_636_000_000_000_123n))).toBe(-1)
    }
  })

  test('become positions and come back', () => {
    const row = rowIdOf(ID, 5)
    expect(positionOf(row)).toMatch(/^[0-9a-f]{32}$/)
    expect(rowIdAt(positionOf(row))).toBe(row)
  })

  test.each(['', 'x', '0'.repeat(32), `${positionOf(rowIdOf(ID, 0))}0`, positionOf(rowIdOf(ID, 0)).replace(/./, 'g')])(
    'of other forms and versions are refused: %j',
    position => expect(() => rowIdAt(position)).toThrow(TypeError),
  )
})
