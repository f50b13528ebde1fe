const longestMs = 50

/** For work that can go on later: so long it may hold up what else the server does. */
export class Slice {
  readonly #end = performance.now() + longestMs

  get isOver(): boolean {
    return performance.now() > this.#end
  }
}
