import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { readJsonFile, writeJsonFile } from './json-file.ts'

const Account = z.object({ email: z.string(), password: z.string(), tenant_id: z.string(), api_token: z.string() })

/** What the first start made in the system and the next one finds again: accounts, a stream, an enrolment token. */
export const Demo = z.object({
  demo: Account.extend({ stream_id: z.string(), stream_key: z.string(), playback_id: z.string() }),
  operator: Account,
  cluster_id: z.string(),
  enrolment_token: z.string(),
})
export type Demo = z.infer<typeof Demo>

/** `<state>/frameworks.json`: where everything is and how to get in, for scripts. */
export const LocalState = Demo.extend({
  pid: z.number(),
  base_url: z.string(),
  services: z.record(z.string(), z.string()),
})
export type LocalState = z.infer<typeof LocalState>

const STATE_FILE = 'frameworks.json'
const DEMO_FILE = 'demo.json'

export async function readState(statePath: string): Promise<LocalState | undefined> {
  return readJsonFile(join(statePath, STATE_FILE), LocalState)
}

export async function writeState(statePath: string, state: LocalState): Promise<void> {
  await writeJsonFile(join(statePath, STATE_FILE), state)
}

export async function removeState(statePath: string): Promise<void> {
  await rm(join(statePath, STATE_FILE), { force: true })
}

export async function readDemo(statePath: string): Promise<Demo | undefined> {
  return readJsonFile(join(statePath, DEMO_FILE), Demo)
}

export async function writeDemo(statePath: string, demo: Demo): Promise<void> {
  await writeJsonFile(join(statePath, DEMO_FILE), demo)
}

/** The base URL of the system that runs on this state, if one does; what cannot be read was left by none that runs. */
export async function findRunning(statePath: string): Promise<string | undefined> {
  const state = await readState(statePath).catch(() => undefined)
  return state && isRunning(state) ? state.base_url : undefined
}

/** Whether the system that wrote this state still runs. */
function isRunning(state: Pick<LocalState, 'pid'>): boolean {
  try {
    process.kill(state.pid, 0)
    return true
  } catch {
    return false
  }
}
