import type { Resolve } from '../../shared/addresses/look-up.ts'
import type { Clock } from '../../shared/clock.ts'
import type { SentEvent } from '../../shared/events/envelope.ts'
import { Fault, toFault } from '../../shared/fault.ts'
import { eventId } from '../../shared/ids.ts'
import type { Log } from '../../shared/log.ts'
import { backoffMs } from '../backoff.ts'
import { type Job, startJob } from '../job.ts'
import type { MistApi } from '../mist/api.ts'
import { toPushRefused } from '../mist/events/output-events.ts'
import type { Uptime } from '../moment.ts'
import { readOrigins } from '../sources/origins.ts'
import type { Publishers, PushTarget } from '../sources/publishers.ts'
import { requirePublicTarget } from './push-address.ts'
import { startPush, stopPush } from './push-list.ts'

/** How often it is looked whether every push runs; also at once when one ends or a stream comes in. */
export const PUSH_CHECK_INTERVAL_MS = 5_000
/** A push that ran for as long has worked: its next end is the first of a row. */
export const PUSH_STEADY_MS = 30_000

interface PushesOptions {
  node_id: string
  api: MistApi
  publishers: Publishers
  resolve: Resolve
  record: (events: readonly SentEvent[]) => Promise<void>
  clock: Clock
  uptime: Uptime
  log: Log
  random?: () => number
}

/** How one push has done so far. Times are ms of uptime. */
interface Push {
  stream: string
  target: PushTarget
  running_since: number | null
  /** Ends and refusals in a row, and when it may be begun again after them. */
  failures: number
  next: number
  refused: boolean
}

/** Sends streams that are published here on to where they are to go, and begins again what ended while they live. */
export class Pushes implements AsyncDisposable {
  readonly #options: PushesOptions
  readonly #pushes = new Map<string, Push>()
  #last: Promise<void> = Promise.resolve()
  #job: Job | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: PushesOptions) {
    this.#options = options
  }

  start(): void {
    let failing = ''
    const run = async () => {
      await this.check()
      failing = ''
    }
    const onFailure = ({ reason, cause }: Fault) => {
      // The first failure of a row says it all.
      if (reason !== failing) this.#options.log.error('pushes cannot be kept', { code: reason, error: cause })
      failing = reason
    }
    this.#job = startJob({ intervalMs: PUSH_CHECK_INTERVAL_MS, run, onFailure })
  }

  /** A push or a stream may have begun or ended. */
  wake(): void {
    this.#job?.wake()
  }

  /** Sends a stream on to one more target; throws a `Fault` when it is not published here or the target is not public. */
  async add(stream: string, url: string): Promise<void> {
    const { publishers, resolve } = this.#options
    await publishers.learn()
    await requirePublicTarget(url, resolve)
    const added = publishers.retarget(stream, (targets) => [...without(targets, url), { id: null, url }])
    // What was tried before does not make it wait.
    this.#pushes.delete(keyOf(stream, url))
    if (!added) throw new Fault('conflict', 'not_published_here', 'The stream has no publisher on this host.')
    await this.check()
  }

  /** Sends a stream on to a target no more; one that it never was sent to is as good. */
  async remove(stream: string, url: string): Promise<void> {
    const { publishers, api } = this.#options
    publishers.retarget(stream, (targets) => without(targets, url))
    await this.#after(() => stopPush(api, stream, url))
  }

  /** Begins what should run and does not, and ends what should not; one at a time. Throws when MistServer does not answer. */
  check(): Promise<void> {
    return this.#after(() => this.#check())
  }

  /** What runs goes on: it is MistServer's. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#job?.[Symbol.asyncDispose]()
    await this.#last
    clearTimeout(this.#timer)
  }

  #after(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined)
    return done
  }

  async #check(): Promise<void> {
    const { api, publishers } = this.#options
    await publishers.learn()
    const wanted = this.#wanted()
    if (wanted.size + this.#pushes.size === 0) return
    const origins = await readOrigins(api)
    for (const [key, push] of this.#pushes) if (!wanted.has(key)) await this.#end(key, push)
    const live = [...wanted].filter(([, { stream }]) => origins.get(stream)?.live)
    for (const [key, push] of live) this.#pushes.set(key, push)
    const kept = await Promise.allSettled(
      live.map(([, push]) => this.#keep(push, origins.get(push.stream)?.targets.includes(push.target.url) ?? false)),
    )
    this.#wakeInTime()
    for (const one of kept) if (one.status === 'rejected') throw one.reason
  }

  /** What should run, by stream and target, with what is known of it. */
  #wanted(): Map<string, Push> {
    const wanted = new Map<string, Push>()
    for (const [stream, targets] of this.#options.publishers.targets()) {
      for (const target of targets) {
        const key = keyOf(stream, target.url)
        const fresh = { stream, target, running_since: null, failures: 0, next: 0, refused: false }
        wanted.set(key, this.#pushes.get(key) ?? fresh)
      }
    }
    return wanted
  }

  async #keep(push: Push, runs: boolean): Promise<void> {
    const now = this.#options.uptime()
    if (runs) {
      // Begun by an earlier Helmsman, or by another way than ours.
      if (push.running_since === null) this.#options.log.info('push found running', named(push))
      push.running_since ??= now
      return
    }
    if (push.running_since !== null) {
      if (now - push.running_since >= PUSH_STEADY_MS) push.failures = 0
      push.running_since = null
      this.#options.log.warn('push ended', { ...named(push), wait_ms: this.#putOff(push) })
    }
    if (now >= push.next) await this.#begin(push)
  }

  async #begin(push: Push): Promise<void> {
    const { api, resolve, uptime, log } = this.#options
    const refusal = await requirePublicTarget(push.target.url, resolve).then(() => undefined, toFault)
    if (refusal !== undefined) return this.#refuse(push, refusal.reason)
    push.refused = false
    await startPush(api, push.stream, push.target.url)
    push.running_since = uptime()
    log.info('push begun', named(push))
  }

  /** Tried again all the same: a name may lead elsewhere by then. */
  async #refuse(push: Push, reason: string): Promise<void> {
    const wait_ms = this.#putOff(push)
    if (push.refused) return
    push.refused = true
    this.#options.log.warn('push refused', { ...named(push), reason, wait_ms })
    await this.#tell(push, reason)
  }

  #putOff(push: Push): number {
    const { uptime, random } = this.#options
    const wait_ms = Math.round(backoffMs(++push.failures, random))
    push.next = uptime() + wait_ms
    return wait_ms
  }

  /** Its stream has gone, or is no longer to be sent there. */
  async #end(key: string, { stream, target }: Push): Promise<void> {
    const { api, publishers } = this.#options
    if (publishers.has(stream)) await stopPush(api, stream, target.url)
    this.#pushes.delete(key)
  }

  async #tell({ stream, target }: Push, reason: string): Promise<void> {
    const { node_id, record, clock, log } = this.#options
    const occurred_at = clock()
    const event_id = eventId(node_id, 'push-refused', stream, target.url, occurred_at.getTime())
    const event = toPushRefused({ stream_name: stream, target: target.url, reason }, { event_id, occurred_at })
    await record([event]).catch((error: unknown) => log.error('an event is lost', { code: toFault(error).reason }))
  }

  /** The next try may be due before the next look. */
  #wakeInTime(): void {
    const now = this.#options.uptime()
    const due = [...this.#pushes.values()].filter(({ running_since }) => running_since === null).map(({ next }) => next)
    clearTimeout(this.#timer)
    if (due.length > 0) this.#timer = setTimeout(() => this.wake(), Math.max(0, Math.min(...due) - now))
  }
}

/** A push in the log: never by its URL, which holds credentials. */
function named({ stream, target }: Push) {
  return { stream, push_target: target.id }
}

function keyOf(stream: string, url: string): string {
  return `${stream} ${url}`
}

function without(targets: readonly PushTarget[], url: string): PushTarget[] {
  return targets.filter((target) => target.url !== url)
}
