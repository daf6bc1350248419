/** Those who wait for the outcome of commands. */
export class Waiting {
  readonly #open = new Map<string, PromiseWithResolvers<void>>()

  settle(id: string): void {
    this.#open.get(id)?.resolve()
    this.#open.delete(id)
  }

  /** Resolves when all of `ids` are settled, or after `ms`. */
  async until(ids: readonly string[], ms: number): Promise<void> {
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, ms)
    await Promise.race([Promise.all(ids.map((id) => this.#waitFor(id))), late.promise])
    clearTimeout(timer)
  }

  #waitFor(id: string): Promise<void> {
    const open = this.#open.get(id) ?? Promise.withResolvers<void>()
    this.#open.set(id, open)
    return open.promise
  }
}
