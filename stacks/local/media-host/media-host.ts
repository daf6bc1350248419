import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { type Clock, systemClock } from '../../../shared/clock.ts'
import type { Log } from '../../../shared/log.ts'
import { createApiDoor } from './api/door.ts'
import { rollDice } from './dice.ts'
import { trackFlows } from './flows.ts'
import { createHost, type Host } from './host.ts'
import { listen } from './listen.ts'
import { type Publication, type PublishRequest, startPublish } from './publish.ts'
import { freshConfig } from './server-config.ts'
import { stopSession } from './sessions.ts'
import { createStandInDoor } from './stand-in-door.ts'
import { startTimeline } from './timeline.ts'
import { CALL_ATTEMPT_TIMEOUT_MS } from './triggers/call.ts'
import { connectTriggers } from './triggers/fire.ts'
import { startView, type View, type ViewRequest } from './view.ts'
import { createViewerDoor } from './viewer-door.ts'

interface Options {
  /** Where the API answers; 0 for any free port. */
  port: number
  /** Where viewers are answered; 0 for any free port. */
  http_port: number
  log: Log
  seed: number
  clock?: Clock
  /** How much faster than the clock streams and sessions live; calls to handlers are never hurried. */
  speed?: number
  /** md5 of the password of each user of the API. */
  accounts?: Record<string, string>
  attempt_timeout_ms?: number
}

/** A media host that runs: `url` is its API, `http_url` what viewers fetch. */
export interface MediaHost {
  url: string
  http_url: string
  publish(request: PublishRequest): Promise<Publication>
  view(request: ViewRequest): Promise<View>
  /** Ends every publisher and every viewer; what follows takes its time, see `idle`. */
  finish(): void
  /** What a second controller does that starts on the machine: no trigger is fired until they are set anew. */
  emptyTriggers(): void
  /** Resolves once every session and every stream has reported its end. */
  idle(): Promise<void>
  stop(): Promise<void>
}

/** Starts a server that answers and reports as MistServer does, on machines that have none. */
export async function startMediaHost(options: Options): Promise<MediaHost> {
  const { log, seed, clock = systemClock, speed = 1, attempt_timeout_ms = CALL_ATTEMPT_TIMEOUT_MS } = options
  await using opening = new AsyncDisposableStack()
  const api = opening.use(await listen(options.port))
  const viewers = opening.use(await listen(options.http_port))
  const stopping = new AbortController()
  const { signal } = stopping
  const settings = freshConfig({ http_port: viewers.port, api_port: api.port })
  settings.accounts = options.accounts ?? {}
  const { fire, counts } = connectTriggers({
    read: () => (host.triggersEmptied ? { ...settings.config, triggers: {} } : settings.config),
    clock,
    signal,
    attempt_timeout_ms,
  })
  const host: Host = createHost({
    settings,
    counts,
    timeline: startTimeline(speed, signal),
    clock,
    dice: rollDice(seed),
    flows: trackFlows(log, signal),
    log,
    fire,
    http_url: `http://127.0.0.1:${viewers.port}`,
  })
  const actions = {
    publish: (request: PublishRequest) => startPublish(host, request),
    view: (request: ViewRequest) => startView(host, request),
    finish: () => {
      for (const session of [...host.sessions.values()]) stopSession(host, session)
    },
  }
  api.serve(
    new Hono<{ Bindings: HttpBindings }>().route('/', createStandInDoor(host, actions)).route('/', createApiDoor(host)),
  )
  viewers.serve(createViewerDoor(host))
  const doors = opening.move()
  return {
    ...actions,
    url: `http://127.0.0.1:${api.port}`,
    http_url: host.http_url,
    emptyTriggers: () => {
      host.triggersEmptied = true
    },
    idle: () => host.flows.idle(),
    async stop() {
      stopping.abort()
      await host.flows.idle()
      await doors.disposeAsync()
    },
  }
}
