import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** What a process of the system may take to stop in order, before it is ended. */
const STOP_TIMEOUT_MS = 10_000

export interface Child extends AsyncDisposable {
  process: ChildProcess
  /** Rejects when the process ends by itself. */
  ended: Promise<never>
}

/**
 * Runs a program of ours as a process of its own. A channel ties the two: when it closes, because we stop the
 * process or because we are gone ourselves, the program stops.
 */
export function startChild(program: URL, env: Record<string, string>): Child {
  const child = fork(fileURLToPath(program), [], {
    env: { ...process.env, ...env },
    // Its own group: Ctrl-C in the terminal goes to us, and we stop it while what it needs still runs.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${program.pathname.split('/').slice(-2).join('/')} ended: ${signal ?? `code ${code}`}`)
  })
  // Nobody may be waiting for it when it ends.
  ended.catch(() => undefined)
  return { process: child, ended, [Symbol.asyncDispose]: () => end(child) }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  if (child.connected) child.disconnect()
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await exited
  clearTimeout(timer)
}
