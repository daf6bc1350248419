import type { Registry } from 'prom-client'
import { z } from 'zod'
import type { Clock } from '../shared/clock.ts'
import { Fault } from '../shared/fault.ts'
import { createApp } from '../shared/http/app.ts'
import { addOperations } from '../shared/http/operations.ts'
import { operation } from '../shared/http/route.ts'
import type { Log } from '../shared/log.ts'
import { DeadLetter, type DeadLetters } from './journal/dead-letters.ts'
import type { Journal } from './journal/journal.ts'
import type { Metrics } from './metrics.ts'
import { type PeerOf, requireLocal } from './mist/local.ts'
import type { Watch } from './mist/watch.ts'
import type { Shipper } from './ship/shipper.ts'

interface OperationsOptions {
  journal: Journal
  deadLetters: DeadLetters
  shipper: Shipper
  watch: Watch
  registry: Registry
  metrics: Metrics
  clock: Clock
  log: Log
  peerOf: PeerOf
}

/** What people look at: health with its reasons, metrics, and what could not be delivered. */
export function createOperations(options: OperationsOptions) {
  const { journal, deadLetters, shipper, watch, registry, metrics, clock, log, peerOf } = options
  const app = createApp({ log, clock, authenticate: async () => ({ kind: 'anonymous' }), deps: {} })
  app.use('/metrics', async (_, next) => {
    metrics.journalPendingBytes.set(journal.end - journal.acknowledged)
    metrics.journalFullness.set(journal.fullness)
    await next()
  })
  app.use('/dead-letters', requireLocal(peerOf))
  app.get(
    '/dead-letters',
    operation({
      summary: 'The newest events and triggers that will never be delivered, newest first',
      auth: 'none',
      ok: { schema: z.object({ data: z.array(DeadLetter) }) },
    }),
    async (c) => c.json({ data: await deadLetters.list() }, 200),
  )
  addOperations(app, {
    title: 'Helmsman',
    description: 'Answers MistServer on a media host and carries its events to Decklog.',
    checks: {
      journal: async () => {
        if (journal.failure !== null) throw unavailable('journal_write_failed')
        if (journal.fullness >= 1) throw unavailable('journal_full')
      },
      decklog: async () => {
        if (shipper.failure !== null) throw unavailable(`decklog_${shipper.failure.toLowerCase()}`)
      },
      mist: async () => {
        const [[job, reason] = []] = watch.failing
        if (job !== undefined) throw unavailable(`${job}: ${reason}`)
        if (!watch.installed) throw unavailable('not_configured_yet')
      },
    },
    metrics: registry,
  })
  return app
}

function unavailable(reason: string): Fault {
  return new Fault('unavailable', reason, 'See the log.')
}
