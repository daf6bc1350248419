import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** A process of the pipeline, that is killed and started again. */
export interface Part extends AsyncDisposable {
  url: string
  /** Bytes of memory that it has of the machine; 0 while it does not run. */
  residentBytes(): number
  /** Resolves once it answers. Where it ends by itself before that, it is started again, as a supervisor would. */
  start(): Promise<void>
  /** Ends it at once, as `kill -9` does. */
  kill(): Promise<void>
}

interface PartOptions {
  program: URL
  port: number
  env: Record<string, string>
}

const READY_TIMEOUT_MS = 30_000
const READY_POLL_MS = 50

export function createPart({ program, port, env }: PartOptions): Part {
  const url = `http://127.0.0.1:${port}`
  let child: ChildProcess | undefined

  function spawn(): ChildProcess {
    return fork(fileURLToPath(program), [], {
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
  }

  const gone = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null

  async function kill(): Promise<void> {
    if (child === undefined || gone(child)) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  return {
    url,
    kill,
    residentBytes: () => (child === undefined || gone(child) ? 0 : residentBytes(child.pid)),
    start: async () => {
      const deadline = Date.now() + READY_TIMEOUT_MS
      while (Date.now() < deadline) {
        if (child === undefined || gone(child)) child = spawn()
        const answered = await fetch(`${url}/health`).then(
          () => true,
          () => false,
        )
        if (answered) return
        await sleep(READY_POLL_MS)
      }
      throw new Error(`${url} does not answer`)
    },
    [Symbol.asyncDispose]: kill,
  }
}

function residentBytes(pid = 0): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)])) * 1024
}
