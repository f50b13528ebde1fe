export type Progress = (text: string) => void

const EVERY_MS = 5000

/**
 * Shows what several servers are doing: on a terminal one line that is rewritten, elsewhere a line now and then, so none for a quick start.
 * @returns `of` gives each its own voice, `end` clears the line
 */
export function showProgress(stream: NodeJS.WriteStream = process.stderr): { of(name: string): Progress; end(): void } {
  const texts = new Map<string, string>()
  let last = Date.now()
  const show = () => {
    const line = [...texts].map(([name, text]) => `${name}: ${text}`).join(' · ')
    if (stream.isTTY) stream.write(`\r\x1b[2K${line.slice(0, stream.columns - 1)}`)
    else if (Date.now() - last >= EVERY_MS) {
      last = Date.now()
      stream.write(`${line}\n`)
    }
  }
  return {
    of: name => text => {
      texts.set(name, text)
      show()
    },
    end() {
      if (stream.isTTY && texts.size > 0) stream.write('\r\x1b[2K')
    },
  }
}
