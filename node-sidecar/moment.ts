import { readFile } from 'node:fs/promises'
import { uptime } from 'node:os'

/** Ms since the machine was started. It only goes on, so durations are told by it: the time of day may be set at any moment. */
export type Uptime = () => number

/** A moment by both clocks. */
export interface Moment {
  at: Date
  up_ms: number
}

/** Asking the system each time would read a file. */
const ORIGIN_MS = uptime() * 1000 - performance.now()

export const systemUptime: Uptime = () => ORIGIN_MS + performance.now()

/** Tells one start of the machine from another; null where the system has no name for it. */
export async function readBoot(): Promise<string | null> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  } catch {
    return null
  }
}
