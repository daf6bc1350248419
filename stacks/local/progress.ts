export interface Progress {
  /** Says when something is done, and how long it took. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>
  note(text: string): void
}

/** Reports each step to a person: one line when it begins and one when it is done, as steps may overlap. */
export function createProgress(write: (text: string) => void): Progress {
  return {
    step: async (name, work) => {
      const started = performance.now()
      write(`  ${name} …\n`)
      try {
        const result = await work()
        write(`  ${name} is ready (${seconds(started)})\n`)
        return result
      } catch (error) {
        write(`  ${name} failed\n`)
        throw error
      }
    },
    note: (text) => write(`  ${text}\n`),
  }
}

function seconds(started: number): string {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`
}
