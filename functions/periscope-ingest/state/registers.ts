import type { Insertable } from 'kysely'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import type { OwnedEvent } from '../tables/table.ts'
import type { Aspect, Tables } from './tables.ts'

export type StreamRegister = Insertable<Tables['stream_state']>
export type NodeRegister = Insertable<Tables['node_state']>

/** Whether an event may move any register forward. */
export function hasRegister(event: OwnedEvent): boolean {
  return event.event_type === 'node-monitoring' || aspectsOf(event).length > 0
}

/** The registers of its stream that an event may move forward. */
export function toStreamRegisters(event: OwnedEvent): StreamRegister[] {
  const { tenant_id, stream_id, node_id, cluster_id, occurred_at, event_id } = event
  const aspects = aspectsOf(event)
  if (stream_id === null || node_id === null || aspects.length === 0) return []
  const data = JSON.stringify(event.data)
  return aspects.map((aspect) => {
    return { tenant_id, stream_id, node_id, aspect, cluster_id, occurred_at, event_id, data }
  })
}

/** The register of its host that an event may move forward. */
export function toNodeRegisters(event: OwnedEvent): NodeRegister[] {
  const { tenant_id, node_id, cluster_id, occurred_at, event_id } = event
  if (event.event_type !== 'node-monitoring' || node_id === null) return []
  return [{ tenant_id, node_id, cluster_id, occurred_at, event_id, data: JSON.stringify(event.data) }]
}

function aspectsOf(event: StoredEvent): Aspect[] {
  switch (event.event_type) {
    case 'stream-lifecycle': {
      const said: Aspect[] = ['lifecycle']
      if (event.data.cause === 'ready') said.push('ready')
      if (event.data.cause === 'poll') said.push('figures')
      if (event.data.status === 'offline') said.push('off')
      return said
    }
    case 'stream-buffer':
      return ['buffer']
    case 'track-list':
      return ['tracks']
    case 'stream-end':
      return ['end']
    default:
      return []
  }
}

interface Versioned {
  occurred_at: string
  event_id: string
}

/** The newest register of each key, ordered by key: one statement may write a row once, and all writers lock alike. */
export function newest<R extends Versioned>(registers: readonly R[], keyOf: (register: R) => string): R[] {
  const byKey = new Map<string, R>()
  for (const register of registers) {
    const key = keyOf(register)
    const held = byKey.get(key)
    if (!held || versionOf(held) < versionOf(register)) byKey.set(key, register)
  }
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, register]) => register)
}

/** Times all have one form and ids one length, so their texts compare as they do. */
function versionOf({ occurred_at, event_id }: Versioned): string {
  return occurred_at + event_id
}
