import { Command, type Outcome } from '../../shared/contract/commands.ts'
import { toFault } from '../../shared/fault.ts'
import type { Log } from '../../shared/log.ts'
import type { Uptime } from '../moment.ts'
import type { CommandMemory } from './command-memory.ts'

/** Commands that may wait for their turn. */
export const COMMANDS_WAITING_MAX = 100

interface RunnerOptions {
  memory: CommandMemory
  execute: (command: Command) => Promise<void>
  uptime: Uptime
  log: Log
}

/** A command as it came; this version may not know what it asks for. */
export interface Told {
  id: string
  expires_in_ms: number
  command: unknown
}

/** Runs commands one after the other, each id once: a repeat gets the outcome of the first, after a restart too. */
export class CommandRunner {
  readonly #options: RunnerOptions
  readonly #waiting = new Map<string, Promise<Outcome>>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: RunnerOptions) {
    this.#options = options
  }

  /** Never rejects: what goes wrong is the outcome. */
  run({ id, expires_in_ms, command }: Told): Promise<Outcome> {
    const same = this.#waiting.get(id)
    if (same !== undefined) return same
    if (this.#waiting.size >= COMMANDS_WAITING_MAX) return Promise.resolve(failed('busy'))
    const expires_ms = this.#options.uptime() + expires_in_ms
    const outcome = this.#last
      .then(() => this.#runOnce(id, expires_ms, command))
      .finally(() => this.#waiting.delete(id))
    this.#waiting.set(id, outcome)
    this.#last = outcome
    return outcome
  }

  async #runOnce(id: string, expires_ms: number, told: unknown): Promise<Outcome> {
    const { memory, uptime, log } = this.#options
    const before = memory.outcomeOf(id)
    // Begun before a crash: whether it was done nobody knows, so it is not done again.
    if (before !== undefined) return before ?? failed('interrupted')
    const command = Command.safeParse(told)
    if (!command.success) return failed('unknown_command')
    if (uptime() >= expires_ms) return { status: 'expired', reason: null }
    const outcome = await this.#runNow(id, command.data)
    log.info('command', { id, kind: command.data.kind, ...outcome })
    return outcome
  }

  async #runNow(id: string, command: Command): Promise<Outcome> {
    const { memory, execute, log } = this.#options
    try {
      await memory.begin(id)
    } catch (error) {
      log.error('a command cannot be remembered, so it is not run', { id, error })
      return failed(toFault(error).reason === 'too_many_commands' ? 'too_many_commands' : 'disk_failing')
    }
    const outcome = await execute(command).then(
      (): Outcome => ({ status: 'done', reason: null }),
      (error: unknown) => failed(toFault(error).reason),
    )
    await memory.end(id, outcome).catch((error: unknown) => log.error('an outcome cannot be remembered', { id, error }))
    return outcome
  }
}

function failed(reason: string): Outcome {
  return { status: 'failed', reason }
}
