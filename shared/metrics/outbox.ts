import { sql } from 'kysely'
import { Gauge, type Registry } from 'prom-client'
import type { Clock } from '../clock.ts'
import type { Database } from '../postgres/database.ts'
import type { Figures } from './figures.ts'
import { shareReading } from './reading.ts'

type State = 'due' | 'later' | 'parked'

/** Shows what waits in a service's outbox whenever metrics are asked for; answers with what reads the same for CloudWatch. */
export function showOutbox<Tables>(
  registry: Registry,
  db: Pick<Database<Tables>, 'read'>,
  clock: Clock,
): () => Promise<Figures> {
  const readAll = shareReading(async () => {
    const now = clock()
    return db.read({ job: 'outbox' }, async (tx) => {
      const { rows } = await sql<{ kind: string; state: State; messages: number; oldest: Date }>`
        select kind, case when parked_at is not null then 'parked' when due_at <= ${now} then 'due' else 'later' end as state,
          count(*)::int as messages, min(due_at) as oldest
        from outbox where done_at is null group by 1, 2`.execute(tx)
      return rows.map((row) => ({ ...row, overdueSeconds: (now.getTime() - row.oldest.getTime()) / 1000 }))
    })
  })
  const readOverdue = async () => {
    const due = (await readAll())?.filter(({ state }) => state === 'due')
    return due && Math.max(0, ...due.map(({ overdueSeconds }) => overdueSeconds))
  }
  new Gauge({
    name: 'outbox_messages',
    help: 'Messages that are not done: due, to be tried later, or parked, which is given up',
    labelNames: ['kind', 'state'] as const,
    registers: [registry],
    async collect() {
      this.reset()
      for (const { kind, state, messages } of (await readAll()) ?? []) this.set({ kind, state }, messages)
    },
  })
  new Gauge({
    name: 'outbox_overdue_seconds',
    help: 'How long the oldest message that is due has been so',
    registers: [registry],
    async collect() {
      const overdue = await readOverdue()
      if (overdue === undefined) return this.remove()
      this.set(overdue)
    },
  })
  return async () => {
    const OutboxOverdue = await readOverdue()
    return OutboxOverdue === undefined ? {} : { OutboxOverdue }
  }
}
