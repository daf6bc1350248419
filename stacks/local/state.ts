import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

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
  return read(join(statePath, STATE_FILE), LocalState)
}

export async function writeState(statePath: string, state: LocalState): Promise<void> {
  await write(statePath, STATE_FILE, state)
}

export async function removeState(statePath: string): Promise<void> {
  await rm(join(statePath, STATE_FILE), { force: true })
}

export async function readDemo(statePath: string): Promise<Demo | undefined> {
  return read(join(statePath, DEMO_FILE), Demo)
}

export async function writeDemo(statePath: string, demo: Demo): Promise<void> {
  await write(statePath, DEMO_FILE, demo)
}

/** Whether the system that wrote this state still runs. */
export function isRunning(state: Pick<LocalState, 'pid'>): boolean {
  try {
    process.kill(state.pid, 0)
    return true
  } catch {
    return false
  }
}

async function read<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S> | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  return text === undefined ? undefined : schema.parse(JSON.parse(text))
}

async function write(folder: string, name: string, value: object): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, name), `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
}
