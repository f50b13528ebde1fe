/** @returns UTC with microseconds, which as text sorts as the times do: `2026-11-20T07:08:00.505000Z`. */
export function timeText(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, -1)}000Z`
}

const isoTime = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/i

/**
 * @param value Microseconds since 1970 as an integer, or a time as ISO text, of UTC if it names no zone.
 * @returns Undefined if it is no time of the years 0 to 9999.
 */
export function parseEventTime(value: unknown): string | undefined {
  if (typeof value === 'string') {
    const [, date, time = '00:00', zone = 'Z'] = isoTime.exec(value) ?? []
    return textOf(Date.parse(`${date}T${time}${zone}`), 0)
  }
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined
  const microseconds = ((value % 1_000) + 1_000) % 1_000
  return textOf((value - microseconds) / 1_000, microseconds)
}

function textOf(milliseconds: number, microseconds: number): string | undefined {
  const date = new Date(milliseconds)
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9_999) return undefined
  return `${date.toISOString().slice(0, -1)}${String(microseconds).padStart(3, '0')}Z`
}
