import type { Process } from './process.ts'

/** `net.createServer` of a simulated process, as far as the journal uses it: a name that one process at a time has. */
export function createSocket(process: Process) {
  const { machine } = process
  let onError: (error: Error) => void = () => undefined
  let bound: string | undefined
  return {
    once: (event: string, tell: (error: Error) => void) => {
      if (event === 'error') onError = tell
    },
    listen: (name: string, tell: () => void) => {
      process.after(0, () => {
        if (!machine.bind(name, process)) return onError(Object.assign(new Error('EADDRINUSE'), { code: 'EADDRINUSE' }))
        bound = name
        tell()
      })
    },
    unref: () => undefined,
    close: (tell: () => void) => {
      process.after(0, () => {
        if (bound !== undefined) machine.unbind(bound)
        tell()
      })
    },
  }
}
