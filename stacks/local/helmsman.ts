import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Ports } from './ports.ts'
import { urlAt } from './services.ts'
import type { Demo } from './state.ts'

interface HelmsmanOptions {
  ports: Ports
  statePath: string
  /** API of the MistServer beside it, and where viewers reach that one. */
  mist: string
  viewerAddress: string
  demo: Demo
  /** Least level that it logs. */
  level: string
}

const READY_TIMEOUT_MS = 20_000
const READY_POLL_MS = 100
/** Helmsman gives what it journalled some seconds to be taken; after this it is ended. */
const STOP_TIMEOUT_MS = 10_000

/** Runs Helmsman as on a media host: a process of its own, enrolled by a token, beside one MistServer. */
export async function startHelmsman(options: HelmsmanOptions): Promise<AsyncDisposable> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../../node-sidecar/main.ts', import.meta.url))], {
    env: { ...process.env, ...variables(options) },
    // Its own group: Ctrl-C in the terminal goes to us, and we stop it while what it needs still runs.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const stop = { [Symbol.asyncDispose]: () => end(child) }
  try {
    await ready(child, urlAt(options.ports.helmsman))
    return stop
  } catch (error) {
    await end(child)
    throw error
  }
}

function variables({ ports, statePath, mist, viewerAddress, demo, level }: HelmsmanOptions): Record<string, string> {
  return {
    COMMODORE_URL: urlAt(ports.commodore),
    QUARTERMASTER_URL: urlAt(ports.quartermaster),
    DECKLOG_URL: urlAt(ports.decklog),
    FOGHORN_URL: urlAt(ports.foghorn),
    MIST_URL: mist,
    HELMSMAN_STATE_PATH: join(statePath, 'helmsman'),
    HELMSMAN_PORT: String(ports.helmsman),
    NODE_NAME: 'This machine',
    NODE_ADDRESS: viewerAddress,
    ENROLMENT_TOKEN: demo.enrolment_token,
    LOG_LEVEL: level,
  }
}

async function ready(child: ChildProcess, url: string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS
  let said = 'it does not answer'
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`Helmsman ended with code ${child.exitCode}.`)
    const health = await fetch(`${url}/health`).catch(() => undefined)
    if (health?.ok) return
    if (health) said = await health.text()
    await sleep(READY_POLL_MS)
  }
  throw new Error(`Helmsman is not ready after ${READY_TIMEOUT_MS / 1000} s: ${said}`)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const closed = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await closed
  clearTimeout(timer)
}
