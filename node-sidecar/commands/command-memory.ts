import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { Clock } from '../../shared/clock.ts'
import { COMMAND_LIFE_MS_MAX, Outcome } from '../../shared/contract/commands.ts'
import { Fault } from '../../shared/fault.ts'
import type { Log } from '../../shared/log.ts'
import { replaceFile } from '../journal/replace-file.ts'

/** Longer than any command lives, so that a repeat always finds what became of it. */
export const REMEMBERED_MS = COMMAND_LIFE_MS_MAX + 60_000
export const REMEMBERED_MAX = 1_000

const Remembered = z.object({
  at_ms: z.number(),
  /** Null from its beginning until its end. */
  outcome: Outcome.nullable(),
})
const Contents = z.object({ draining: z.boolean(), commands: z.record(z.string(), Remembered) })
type Contents = z.infer<typeof Contents>

interface OpenOptions {
  path: string
  clock: Clock
  log: Log
}

/** What commands have left behind on this host's disk: which were run and how they ended, and whether it drains. */
export class CommandMemory {
  readonly #path: string
  readonly #clock: Clock
  readonly #contents: Contents
  #saving: Promise<void> = Promise.resolve()

  private constructor({ path, clock }: OpenOptions, contents: Contents) {
    this.#path = path
    this.#clock = clock
    this.#contents = contents
  }

  /** Reads the file. One that cannot be read is said in the log and begun anew: media goes on without it. */
  static async open(options: OpenOptions): Promise<CommandMemory> {
    const text = await readFile(options.path, 'utf8').catch(() => null)
    const contents = text === null ? null : Contents.safeParse(tryJson(text))
    if (contents?.success === false) options.log.error('what commands were run is forgotten', { path: options.path })
    return new CommandMemory(options, contents?.data ?? { draining: false, commands: {} })
  }

  get draining(): boolean {
    return this.#contents.draining
  }

  /** How a command ended; null when it was begun and never ended, undefined when it is new. */
  outcomeOf(id: string): Outcome | null | undefined {
    return this.#contents.commands[id]?.outcome
  }

  /** Remembers durably that a command is about to run; `rate_limited` when there were too many. */
  async begin(id: string): Promise<void> {
    const { commands } = this.#contents
    const now_ms = this.#clock().getTime()
    for (const [old, { at_ms }] of Object.entries(commands)) if (now_ms - at_ms > REMEMBERED_MS) delete commands[old]
    if (Object.keys(commands).length >= REMEMBERED_MAX) {
      throw new Fault('rate_limited', 'too_many_commands', 'This host was told too much.')
    }
    commands[id] = { at_ms: now_ms, outcome: null }
    await this.#save()
  }

  async end(id: string, outcome: Outcome): Promise<void> {
    this.#contents.commands[id] = { at_ms: this.#clock().getTime(), outcome }
    await this.#save()
  }

  async setDraining(on: boolean): Promise<void> {
    this.#contents.draining = on
    await this.#save()
  }

  /** One at a time, as all write the same file. */
  #save(): Promise<void> {
    const text = JSON.stringify(this.#contents)
    const saved = this.#saving.then(() => replaceFile(this.#path, text))
    this.#saving = saved.catch(() => undefined)
    return saved
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
