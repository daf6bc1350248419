import type { ColumnType } from 'kysely'

/** What an event says about a stream on a host; each is a register that holds the newest such event. */
export const aspects = ['lifecycle', 'ready', 'off', 'figures', 'buffer', 'tracks', 'end'] as const
export type Aspect = (typeof aspects)[number]

interface Register {
  tenant_id: string
  node_id: string
  cluster_id: string | null
  occurred_at: ColumnType<Date, string, string>
  event_id: string
  data: ColumnType<unknown, string, string>
}

/** Schema `periscope` in Postgres. */
export interface Tables {
  stream_state: Register & { stream_id: string; aspect: Aspect }
  node_state: Register
}
