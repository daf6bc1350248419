import { Disk } from './disk.ts'
import { Process } from './process.ts'
import type { Random } from './random.ts'
import type { Schedule } from './schedule.ts'

interface MachineOptions {
  name: string
  schedule: Schedule
  random: Random
}

/** A computer: a clock of its own, a disk, and the processes on it. */
export class Machine {
  readonly name: string
  readonly schedule: Schedule
  readonly random: Random
  readonly disk: Disk
  /** How far its clock is ahead of the true time, ms. */
  clockAheadMs = 0
  /** How often it was switched on. */
  starts = 1
  #started: number
  readonly #processes = new Set<Process>()
  readonly #sockets = new Map<string, Process>()

  constructor({ name, schedule, random }: MachineOptions) {
    this.name = name
    this.schedule = schedule
    this.random = random
    this.disk = new Disk(random)
    this.#started = schedule.now
  }

  /** What its clock shows. */
  readonly clock = (): Date => new Date(this.schedule.now + this.clockAheadMs)

  /** Ms since it was switched on; steps of the clock do not show in it. */
  uptimeMs(): number {
    return this.schedule.now - this.#started
  }

  /** Starts a program. One that throws is dead, as when nobody catches. */
  start(name: string, program: (process: Process) => Promise<void>, onCrash: (error: unknown) => void): Process {
    const process = new Process(this, name)
    this.#processes.add(process)
    process.run(() =>
      program(process).catch((error: unknown) => {
        if (process.alive) onCrash(error)
        process.kill()
      }),
    )
    return process
  }

  /** Everything on it stops at once, and its disk keeps what was synced; what was not is torn, or gone. */
  cutPower(): void {
    for (const process of [...this.#processes]) process.kill()
    this.disk.cutPower()
    this.starts++
    this.#started = this.schedule.now
  }

  /** Takes a name of a socket for a process; false when another has it. */
  bind(name: string, process: Process): boolean {
    if (this.#sockets.has(name)) return false
    this.#sockets.set(name, process)
    return true
  }

  unbind(name: string): void {
    this.#sockets.delete(name)
  }

  /** What a process held goes back when it ends. */
  release(process: Process): void {
    this.#processes.delete(process)
    for (const [name, owner] of this.#sockets) if (owner === process) this.#sockets.delete(name)
  }
}
