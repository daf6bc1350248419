import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChild } from './child.ts'
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

const PROGRAM = new URL('../../node-sidecar/main.ts', import.meta.url)
const READY_TIMEOUT_MS = 20_000
const READY_POLL_MS = 100

/** Runs Helmsman as on a media host: a process of its own, enrolled by a token, beside one MistServer. */
export async function startHelmsman(options: HelmsmanOptions): Promise<AsyncDisposable> {
  const child = startChild(PROGRAM, variables(options))
  try {
    await Promise.race([ready(urlAt(options.ports.helmsman)), child.ended])
    return child
  } catch (error) {
    await child[Symbol.asyncDispose]()
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

async function ready(url: string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS
  let said = 'it does not answer'
  while (Date.now() < deadline) {
    const health = await fetch(`${url}/health`).catch(() => undefined)
    if (health?.ok) return
    if (health) said = await health.text()
    await sleep(READY_POLL_MS)
  }
  throw new Error(`Helmsman is not ready after ${READY_TIMEOUT_MS / 1000} s: ${said}`)
}
