export interface Progress {
  /** Says what is being done while it is done, and how long it took. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>
}

/** Reports each step as a line for a person. */
export function createProgress(write: (text: string) => void): Progress {
  return {
    step: async (name, work) => {
      const started = performance.now()
      write(`  ${name} …`)
      try {
        const result = await work()
        write(` ${seconds(started)}\n`)
        return result
      } catch (error) {
        write(' failed\n')
        throw error
      }
    },
  }
}

function seconds(started: number): string {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`
}
