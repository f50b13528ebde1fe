/**
 * Runs every case `rounds` times, in an order shuffled anew each round (a fixed order flatters whoever comes later), and gives the
 * median of each in milliseconds.
 * @param {Record<string, () => Promise<unknown> | unknown>} cases
 * @param {number} rounds
 * @returns {Promise<Record<string, number>>}
 */
export async function medians(cases, rounds) {
  const names = Object.keys(cases)
  const times = Object.fromEntries(names.map(name => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const name of shuffled(names)) {
      const began = performance.now()
      await cases[name]()
      times[name].push(performance.now() - began)
    }
  }
  return Object.fromEntries(names.map(name => [name, median(times[name])]))
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

function shuffled(values) {
  const result = [...values]
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[result[i], result[j]] = [result[j], result[i]]
  }
  return result
}

/** Prints medians as ratios to one of them. @param {string} title @param {Record<string, number>} times @param {string} base */
export function printRatios(title, times, base) {
  console.info(`\n${title}`)
  for (const [name, time] of Object.entries(times)) {
    console.info(
      `  ${name.padEnd(34)}${`${(time / times[base]).toFixed(2)}×`.padStart(9)}${`${time.toFixed(3)} ms`.padStart(14)}`,
    )
  }
}
