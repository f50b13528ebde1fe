export const longestId = 10_000

export function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= longestId
}
