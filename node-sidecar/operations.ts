import type { Registry } from 'prom-client'
import { z } from 'zod'
import type { Clock } from '../shared/clock.ts'
import { Fault } from '../shared/fault.ts'
import { createApp } from '../shared/http/app.ts'
import { addOperations } from '../shared/http/operations.ts'
import { operation, query } from '../shared/http/route.ts'
import type { Log } from '../shared/log.ts'
import { DeadLetter, type DeadLetters } from './journal/dead-letters.ts'
import type { Journal } from './journal/journal.ts'
import { oldestSeconds } from './journal/oldest.ts'
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
    metrics.journalOldestSeconds.set(await oldestSeconds(journal, clock))
    await next()
  })
  app.use('/dead-letters/*', requireLocal(peerOf))
  app.get(
    '/dead-letters',
    operation({
      summary: 'The newest events and triggers that will never be delivered, newest first',
      auth: 'none',
      ok: { schema: z.object({ data: z.array(DeadLetter) }) },
    }),
    async (c) => c.json({ data: await deadLetters.list() }, 200),
  )
  app.post(
    '/dead-letters/replay',
    operation({
      summary: 'Puts rejected events back into the journal, to be sent again',
      description:
        'For when what rejected them is mended. Safe to repeat: an event keeps its id. Triggers that could not be read stay.',
      auth: 'none',
      ok: { schema: z.object({ replayed: z.int() }) },
      faults: ['unavailable'],
    }),
    query(ReplayQuery),
    async (c) => c.json({ replayed: await replayDeadLetters(options, c.req.valid('query')) }, 200),
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

const ReplayQuery = z.object({
  name: z.string().optional().describe('Event type'),
  reason: z.string().optional().describe('Its code, the part before the colon'),
})

async function replayDeadLetters(
  { deadLetters, journal }: OperationsOptions,
  { name, reason }: z.infer<typeof ReplayQuery>,
): Promise<number> {
  const wanted = (letter: DeadLetter) =>
    isEvent(letter) &&
    (name === undefined || letter.name === name) &&
    (reason === undefined || letter.reason.split(':', 1)[0] === reason)
  return deadLetters.take(wanted, async (letters) => {
    await Promise.all(letters.map(({ content }) => journal.append(Buffer.from(content ?? ''))))
  })
}

/** A record that was no JSON is an event of no name. */
function isEvent({ kind, name, content }: DeadLetter): boolean {
  return kind === 'event' && name !== '' && content !== null
}

function unavailable(reason: string): Fault {
  return new Fault('unavailable', reason, 'See the log.')
}
