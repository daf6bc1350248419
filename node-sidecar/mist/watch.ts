import type { z } from 'zod'
import type { Clock } from '../../shared/clock.ts'
import { HEARTBEAT_INTERVAL_MS, type Heartbeat } from '../../shared/contract/foghorn.ts'
import type { SentEvent } from '../../shared/events/envelope.ts'
import { Fault } from '../../shared/fault.ts'
import type { Log } from '../../shared/log.ts'
import { type Job, startJob } from '../job.ts'
import type { Journal } from '../journal/journal.ts'
import { recordEvents } from '../journal/record-events.ts'
import type { Metrics } from '../metrics.ts'
import type { Uptime } from '../moment.ts'
import type { Reconciler } from '../reconcile/reconciler.ts'
import { inSlices } from '../slices.ts'
import type { Publishers } from '../sources/publishers.ts'
import type { MistApi } from './api.ts'
import { type Installation, install, REPAIR_INTERVAL_MS } from './install.ts'
import { CLIENT_SAMPLES_INTERVAL_MS, CLIENTS_POLL_INTERVAL_MS, readClients, type Samples } from './polls/clients.ts'
import { toHeartbeat } from './polls/heartbeat.ts'
import { type Doubt, LostTriggers } from './polls/lost-triggers.ts'
import { NODE_POLL_INTERVAL_MS, type NodePoll, toNodeMonitoring, toUnreachable } from './polls/node.ts'
import { toClientEvents, toNodeEvent, toStreamEvents } from './polls/poll-events.ts'
import { readStatistics } from './polls/statistics.ts'
import {
  namesOfOrigins,
  readStreams,
  STREAMS_POLL_INTERVAL_MS,
  type StreamStates,
  toVanished,
} from './polls/streams.ts'

/** By how much of its interval a heartbeat may come early, so that hosts which began together do not stay together. */
export const HEARTBEAT_JITTER = 0.2

export interface WatchOptions {
  node_id: string
  api: MistApi
  journal: Journal
  reconciler: Reconciler
  metrics: Metrics
  clock: Clock
  uptime: Uptime
  log: Log
  /** How heartbeats go and the name in them; none are sent without. */
  foghorn?: { host: string; beat: (heartbeat: z.input<typeof Heartbeat>) => Promise<void> }
  /** Whether it was told to take no new viewers before it started. */
  draining?: boolean
  publishers: Pick<Publishers, 'keep' | 'lacks' | 'streaming'>
}

/** Watches MistServer: keeps its configuration right, samples it, and tells Foghorn of it. */
export class Watch implements AsyncDisposable {
  readonly #options: WatchOptions
  readonly #jobs: Record<string, Job> = {}
  readonly #failing = new Map<string, string>()
  /** What MistServer shows its statistics under, once its configuration is known. */
  #passphrase: string | null = null
  #repairing: Promise<Installation> | null = null
  #nodeBefore: NodePoll | null = null
  #heartbeatBefore: NodePoll | null = null
  /** By which Foghorn tells this run's heartbeats from those of another, and from repeats. */
  readonly #beatsOf = crypto.randomUUID()
  #beats = 0
  #streamsBefore: StreamStates | null = null
  readonly #lostTriggers = new LostTriggers()
  /** What was told of clients last, and when (ms of uptime). */
  #sampled: { samples: Samples; up_ms: number } | null = null
  #draining: boolean
  /** Where MistServer reaches us. */
  #door: URL | null = null

  constructor(options: WatchOptions) {
    this.#options = options
    this.#draining = options.draining ?? false
  }

  /** What fails at the moment, by job; empty when all is well. */
  get failing(): ReadonlyMap<string, string> {
    return this.#failing
  }

  /** Whether MistServer is known to call us; until then it decides by itself. */
  get installed(): boolean {
    return this.#passphrase !== null
  }

  /** Watches from now on, and has MistServer call `door`. */
  start(door: URL): void {
    this.#door = door
    this.#run('install', REPAIR_INTERVAL_MS, () => this.repair())
    this.#run('node', NODE_POLL_INTERVAL_MS, () => this.pollNode())
    this.#run('streams', STREAMS_POLL_INTERVAL_MS, () => this.pollStreams())
    this.#run('clients', CLIENTS_POLL_INTERVAL_MS, () => this.pollClients())
    if (this.#options.foghorn) this.#run('heartbeat', HEARTBEAT_INTERVAL_MS, () => this.beat(), HEARTBEAT_JITTER)
  }

  /** A stream has started or ended here: Foghorn should know at once. */
  streamChanged(): void {
    this.#jobs.heartbeat?.wake()
  }

  /** Takes no new viewers from now on, or takes them again; Foghorn is told at once. */
  drain(on: boolean): void {
    this.#draining = on
    this.streamChanged()
  }

  /** Two at once would each set a passphrase of their own. `afresh` sets the triggers also where they seem to be set. */
  async repair(afresh?: Doubt): Promise<void> {
    const door = this.#door
    if (door === null) throw new Fault('unavailable', 'not_started', 'Nothing is watched yet.')
    if (afresh) await this.#repairing?.catch(() => undefined)
    this.#repairing ??= install({ ...this.#options, door, afresh }).finally(() => {
      this.#repairing = null
    })
    const { passphrase } = await this.#repairing
    this.#passphrase = passphrase
  }

  async pollNode(): Promise<void> {
    const time = this.#time()
    try {
      const poll = await this.#readNode(time.up_ms)
      const event = toNodeEvent(toNodeMonitoring(poll, this.#nodeBefore, this.#reasons()), time)
      this.#nodeBefore = poll
      await this.#record([event], 'sample')
    } catch (error) {
      await this.#record([toNodeEvent(toUnreachable(this.#reasons()), time)], 'sample')
      throw error
    }
  }

  /** That a stream has gone is a fact, the figures of those that are there are samples. */
  async pollStreams(): Promise<void> {
    const time = this.#time()
    const { states, totals } = await readStreams(this.#options.api)
    await this.#record(toStreamEvents(toVanished(states, this.#streamsBefore), time), 'fact')
    this.#streamsBefore = states
    this.#options.publishers.keep(namesOfOrigins(states), time.up_ms)
    await this.#options.reconciler.seeStreams(totals, time)
    for await (const slice of inSlices([...states])) await this.#record(toStreamEvents(slice, time), 'sample')
  }

  async pollClients(): Promise<void> {
    const time = this.#time()
    const { up_ms } = time
    const samples = await readClients(this.#options.api, this.#sampled?.samples ?? null)
    await this.#options.reconciler.seeSessions(samples, time)
    // Half an interval is left for a poll that came a little early.
    if (this.#sampled && up_ms - this.#sampled.up_ms < CLIENT_SAMPLES_INTERVAL_MS - CLIENTS_POLL_INTERVAL_MS / 2) return
    this.#sampled = { samples, up_ms }
    for await (const slice of inSlices([...samples])) await this.#record(toClientEvents(slice, time), 'sample')
  }

  async beat(): Promise<void> {
    const { foghorn, publishers } = this.#options
    if (foghorn === undefined) return
    const poll = await this.#readNode(this.#time().up_ms).catch(() => null)
    const monitoring =
      poll === null ? toUnreachable(this.#reasons()) : toNodeMonitoring(poll, this.#heartbeatBefore, this.#reasons())
    this.#heartbeatBefore = poll
    const statistics = poll?.statistics ?? null
    const heartbeat = toHeartbeat({ host: foghorn.host, monitoring, statistics, draining: this.#draining, publishers })
    await foghorn.beat({ ...heartbeat, order: { run: this.#beatsOf, number: this.#beats++ } })
  }

  /** Stops watching; the last heartbeat sends viewers elsewhere. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Object.values(this.#jobs).map((job) => job[Symbol.asyncDispose]()))
    if (this.#door === null) return
    this.#draining = true
    await this.beat().catch(() => undefined)
  }

  async #readNode(up_ms: number): Promise<NodePoll> {
    if (this.#passphrase === null) await this.repair()
    const passphrase = this.#passphrase
    if (passphrase === null) throw new Fault('unavailable', 'mist_unreachable', 'MistServer is not configured yet.')
    try {
      const statistics = await readStatistics(this.#options.api, passphrase)
      const afresh = this.#lostTriggers.see(statistics, up_ms)
      if (afresh === 'lost') this.#options.log.warn('MistServer has lost our triggers')
      if (afresh !== undefined) await this.repair(afresh)
      return { up_ms, statistics }
    } catch (error) {
      // It may come back with another configuration, which is then looked at first.
      this.#passphrase = null
      throw error
    }
  }

  #reasons(): string[] {
    const { journal } = this.#options
    return [
      ...(journal.failure === null ? [] : ['journal_failing']),
      ...(journal.fullness >= 1 ? ['journal_full'] : []),
    ]
  }

  async #record(events: readonly SentEvent[], importance: 'fact' | 'sample'): Promise<void> {
    const { journal, metrics } = this.#options
    await recordEvents(journal, events, importance)
    metrics.events.inc({ stage: 'journalled' }, events.length)
  }

  #time() {
    const { node_id, clock, uptime } = this.#options
    return { node_id, at: clock(), up_ms: uptime() }
  }

  #run(name: string, intervalMs: number, work: () => Promise<void>, jitter = 0): void {
    const { metrics, log } = this.#options
    const run = async () => {
      await work()
      if (!this.#failing.delete(name)) return
      log.info('works again', { job: name })
      this.#healthChanged(name)
    }
    const onFailure = (fault: Fault) => {
      metrics.pollFailures.inc({ poll: name })
      // The first failure of a row says it all.
      if (this.#failing.get(name) !== fault.reason)
        log.error('fails', { job: name, code: fault.reason, error: fault.cause })
      const fails = this.#failing.has(name)
      this.#failing.set(name, fault.reason)
      if (!fails) this.#healthChanged(name)
    }
    this.#jobs[name] = startJob({ intervalMs, jitter, run, onFailure })
  }

  /** Foghorn should know at once, unless it is Foghorn who fails. */
  #healthChanged(job: string): void {
    if (job !== 'heartbeat') this.#jobs.heartbeat?.wake()
  }
}
