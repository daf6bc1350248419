import type { ColumnType } from 'kysely'

/** Current state as Periscope Ingest keeps it: the newest event that says something about an aspect of a stream on a host. */
export interface Tables {
  stream_state: {
    tenant_id: string
    stream_id: string
    node_id: string
    aspect: 'lifecycle' | 'ready' | 'off' | 'figures' | 'buffer' | 'tracks' | 'end'
    cluster_id: string | null
    occurred_at: ColumnType<Date, never, never>
    data: unknown
  }
  /** The newest poll of each media host of the tenant's. */
  node_state: {
    tenant_id: string
    node_id: string
    cluster_id: string | null
    occurred_at: ColumnType<Date, never, never>
    data: { healthy: boolean }
  }
}
