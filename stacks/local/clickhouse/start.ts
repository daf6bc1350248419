import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { QUERIES_RUNNING_MAX, SPARE_THREADS, START_TIMEOUT_MS, STOP_TIMEOUT_MS } from './limits.ts'

export interface ClickHouseServer extends AsyncDisposable {
  url: string
  user: string
  password: string
  pid: number
  /** Ends it as an operator would: open queries finish first. */
  stop(): Promise<void>
}

interface ClickHouseOptions {
  /** Where the data lives; created at first start. */
  dataPath: string
  /** A free one when absent. */
  port?: number
  password: string
  /** Told each line that the engine writes of its own accord. */
  log?: (line: string) => void
}

const LINES_KEPT_MAX = 20

/** Starts ClickHouse on loopback over `dataPath`; throws with its own words when the port or the folder is taken. */
export async function startClickHouse(options: ClickHouseOptions): Promise<ClickHouseServer> {
  const { dataPath, port = 0, password } = options
  const server = fileURLToPath(new URL('./server.ts', import.meta.url))
  const child = spawn(process.execPath, [server, '--data', dataPath, '--port', String(port)], {
    env: {
      ...process.env,
      CLICKHOUSE_PASSWORD: password,
      TZ: 'UTC',
      UV_THREADPOOL_SIZE: String(QUERIES_RUNNING_MAX + SPARE_THREADS),
    },
    // Its own group: Ctrl-C in the terminal goes to us, and we stop it last.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const actualPort = await ready(child, options.log)
  const stop = () => end(child)
  return {
    url: `http://127.0.0.1:${actualPort}`,
    user: 'default',
    password,
    pid: child.pid ?? 0,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** The port of its ready line. */
async function ready(child: ChildProcess, log?: (line: string) => void): Promise<number> {
  const started = Promise.withResolvers<number>()
  const said: string[] = []
  read(child.stdout, (line) => {
    const [, port] = /^ready (\d+)$/.exec(line) ?? []
    if (port !== undefined) started.resolve(Number(port))
  })
  read(child.stderr, (line) => {
    said.push(line)
    if (said.length > LINES_KEPT_MAX) said.shift()
    log?.(line)
  })
  const failed = (why: string) => new Error(`ClickHouse ${why}: ${said.join(' ') || 'it said nothing'}`)
  const timer = setTimeout(() => started.reject(failed('did not start in time')), START_TIMEOUT_MS)
  child.once('error', started.reject)
  child.once('close', () => started.reject(failed('did not start')))
  try {
    return await started.promise
  } catch (error) {
    await end(child)
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** Reading also keeps the pipe from filling up. */
function read(output: ChildProcess['stdout'], take: (line: string) => void): void {
  if (output) createInterface({ input: output }).on('line', take)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const closed = new Promise((resolve) => child.once('close', resolve))
  child.stdin?.end()
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await closed
  clearTimeout(timer)
}
