/** Sort keys of heads begin with it. `$` is the character after `#`: the upper bound of all of them. */
export const HEAD = 'm#'
export const HEAD_END = 'm$'
/** Sort keys of parts begin with it. */
export const PART = 'p#'
export const PART_END = 'p$'

/** Begins the sort keys of the parts of one attempt: `<append>` is what follows `m#` in its head's sort key. */
export function partsPrefix(append: string, attempt: string): string {
  return `p#${append}#${attempt}#`
}

/** Five digits: parts of 390 KiB are at most 10,755, because a blob is in memory and has at most 4 GiB. */
export function partKey(append: string, attempt: string, index: number): string {
  return partsPrefix(append, attempt) + index.toString().padStart(5, '0')
}

const PART_KEY = /^p#(.+)#([0-9a-f]{8})([0-9a-f]{8})#\d{5}$/s

/** Of a part's sort key: which attempt it belongs to, and when that began. */
export function parsePartKey(sortKey: string): { prefix: string; beganSeconds: number } | undefined {
  const [, append, began, random] = PART_KEY.exec(sortKey) ?? []
  if (append === undefined || began === undefined || random === undefined) return undefined
  return { prefix: partsPrefix(append, began + random), beganSeconds: Number.parseInt(began, 16) }
}
