import { type ChildProcess, spawn } from 'node:child_process'
import { chownSync } from 'node:fs'
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setInterval } from 'node:timers/promises'
import { type Installation, locate } from './installation.ts'

export interface PostgresServer extends AsyncDisposable {
  host: string
  port: number
  /** Owner's connection string, for the database `database`. */
  url(database: string): string
  pid: number
}

interface PostgresOptions {
  /** Where the data lives; created at first start. */
  dataPath: string
  port: number
  password: string
  /** Without fsync a crash of the machine may lose data: for tests only. */
  durable?: boolean
}

const READY = /database system is ready to accept connections/
const START_TIMEOUT_MS = 30_000
const STOP_POLL_MS = 50
const CONNECTIONS_MAX = 200
/** Stretching protects weak passwords; ours are random, and the driver stretches in slow JavaScript at each connect. */
const SCRAM_ITERATIONS = 1

/** Starts Postgres 18 on loopback over `dataPath`; throws with the server's own words when it cannot. */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const installation = await locate(options.dataPath)
  const { dataPath } = installation
  await stopServerOf(dataPath)
  if (!(await exists(join(dataPath, 'PG_VERSION')))) await initialise(installation, options.password)
  const child = spawn(installation.postgres, ['-D', dataPath, ...flags(options)], {
    ...installation.owner,
    // Its own group: Ctrl-C in the terminal goes to us, and we stop it last.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await ready(child)
  return {
    host: '127.0.0.1',
    port: options.port,
    url: (database) => `postgres://postgres:${options.password}@127.0.0.1:${options.port}/${database}`,
    pid: child.pid ?? 0,
    [Symbol.asyncDispose]: () => stop(child),
  }
}

function flags({ port, durable = true }: PostgresOptions): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: CONNECTIONS_MAX,
    shared_buffers: '64MB',
    scram_iterations: SCRAM_ITERATIONS,
    ...(!durable && { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }),
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

async function initialise({ initdb, dataPath, owner }: Installation, password: string): Promise<void> {
  const passwordFile = `${dataPath}.password`
  await mkdir(dataPath, { recursive: true, mode: 0o700 })
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (owner.uid !== undefined && owner.gid !== undefined) {
    chownSync(dataPath, owner.uid, owner.gid)
    chownSync(passwordFile, owner.uid, owner.gid)
  }
  const args = [`--pgdata=${dataPath}`, `--pwfile=${passwordFile}`, '--username=postgres', '--auth=scram-sha-256']
  const child = spawn(
    initdb,
    [...args, '--encoding=UTF8', '--locale=C', '--no-sync', `--set=scram_iterations=${SCRAM_ITERATIONS}`],
    {
      ...owner,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  const said = collect(child)
  const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject))
  await rm(passwordFile)
  if (code === 0) return
  await rm(dataPath, { recursive: true, force: true })
  throw new Error(`Postgres could not create its data folder: ${said.join('\n')}`)
}

async function ready(child: ChildProcess): Promise<void> {
  const said = collect(child)
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS)
  try {
    await new Promise<void>((resolve, reject) => {
      child.stderr?.on('data', () => said.some((line) => READY.test(line)) && resolve())
      child.once('error', reject)
      child.once('close', () => reject(new Error(`Postgres did not start: ${said.slice(-3).join(' ')}`)))
    })
  } finally {
    clearTimeout(timer)
  }
}

/** The last lines that a process wrote, for its error message; reading also keeps the pipe from filling up. */
function collect(child: ChildProcess): string[] {
  const lines: string[] = []
  if (!child.stderr) return lines
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line)
    if (lines.length > 20) lines.shift()
  })
  return lines
}

/** A run that was killed leaves its server behind, which would hold the data folder and the port. */
export async function stopLeftBehind(dataPath: string): Promise<void> {
  await stopServerOf((await locate(dataPath)).dataPath)
}

async function stopServerOf(dataPath: string): Promise<void> {
  const lock = await readFile(join(dataPath, 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number.parseInt(lock, 10)
  if (!(pid > 0) || !signal(pid, 'SIGINT')) return
  for await (const _ of setInterval(STOP_POLL_MS)) if (!signal(pid, 0)) return
}

/** Whether the process was there to be signalled. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

/** A fast shutdown: sessions are ended, data is checkpointed. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGINT')
  await closed
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
