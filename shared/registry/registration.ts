import { type Client, call } from '../client/client.ts'
import type { Clock } from '../clock.ts'
import { registerServiceInstance, unregisterServiceInstance } from '../contract/registry.ts'
import { toFault } from '../fault.ts'
import type { Job } from '../jobs.ts'
import type { Log } from '../log.ts'
import type { RegistryVariables } from './variables.ts'

/** How often an instance says that it runs, and after how long it is taken to have stopped: when it missed two. */
export const REGISTRATION_SECONDS = 60
export const REGISTRATION_TTL_SECONDS = 180
/** How long a service that stops waits for Quartermaster. */
export const LEAVE_TIMEOUT_MS = 1_000

/** A service's own entry in Quartermaster's registry. Nothing here throws: what fails is logged and made good by the next time. */
export interface Registration {
  /** Whether it is time to say that it runs. */
  isDue(): boolean
  /** Says that the instance runs, unless it was said a moment ago. */
  keep(): Promise<void>
  /** Says that it stops; nothing is said afterwards. */
  leave(): Promise<void>
  /** Keeps it by the clock. */
  job: Job
}

interface RegistrationOptions {
  service: string
  quartermaster: Client
  config: RegistryVariables
  clock: Clock
  log: Log
}

export function createRegistration(options: RegistrationOptions): Registration {
  const { service: name, quartermaster, config, clock, log } = options
  const { SERVICE_URL, INSTANCE_ID: id, SERVICE_VERSION: version } = config
  let said_ms = Number.NEGATIVE_INFINITY
  let saying: Promise<void> | undefined
  let isRegistered = false
  let hasLeft = false

  async function say(base_url: string): Promise<void> {
    try {
      const instance = { name, id, base_url, version, ttl_seconds: REGISTRATION_TTL_SECONDS }
      await call(quartermaster, registerServiceInstance, instance)
      isRegistered = true
    } catch (error) {
      log.warn('not registered', { code: toFault(error).reason })
    }
  }

  function isDue(): boolean {
    // Half of the interval, so that whoever is called more often than the clock strikes says it no more often either.
    const isTime = clock().getTime() - said_ms >= (REGISTRATION_SECONDS * 1000) / 2
    return SERVICE_URL !== undefined && !hasLeft && isTime
  }

  async function keep(): Promise<void> {
    if (SERVICE_URL === undefined || !isDue()) return saying
    said_ms = clock().getTime()
    saying = say(SERVICE_URL.href)
    return saying
  }

  async function leave(): Promise<void> {
    hasLeft = true
    await saying
    if (!isRegistered) return
    try {
      await call({ ...quartermaster, timeoutMs: LEAVE_TIMEOUT_MS }, unregisterServiceInstance, { name, id })
    } catch (error) {
      log.warn('still registered', { code: toFault(error).reason })
    }
  }

  return { isDue, keep, leave, job: { every_seconds: REGISTRATION_SECONDS, run: keep } }
}
