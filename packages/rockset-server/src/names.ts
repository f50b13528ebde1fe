const longestName = 2_048

/** Names of workspaces and collections. Parts of nested workspaces are separated by dots. */
export function isName(name: unknown): name is string {
  return (
    typeof name === 'string' &&
    name.length <= longestName &&
    /^[A-Za-z0-9_\-.]+$/.test(name) &&
    name !== '.' &&
    !name.includes('..')
  )
}
