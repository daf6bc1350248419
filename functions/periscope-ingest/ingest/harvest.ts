import { createHash, type Hash } from 'node:crypto'
import type { Block } from '../../../shared/clickhouse/block/block.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { hasRegister } from '../state/registers.ts'
import type { HostHeardRow } from '../tables/host-heard.ts'
import { type HourChange, toHourChanges } from '../tables/hour-changes.ts'
import { isOwned, type OwnedEvent } from '../tables/table.ts'
import { tables } from '../tables/tables.ts'
import { toUnattributedRow, unattributedEvents } from '../tables/unattributed-events.ts'
import { toUsageChanges, type UsageChange } from '../tables/usage-changes.ts'

/** One insert into one table; the token names its events, so that a repeat writes nothing. */
interface Insert {
  table: string
  block: Block
  token: string
}

/**
 * What some events come to in the stores. Events are added a few at a time and not kept, but for what Postgres holds of
 * them: thousands that live for as long as a batch would each be moved about by the garbage collector.
 */
export class Harvest {
  /** Whose events there are. */
  readonly tenants = new Set<string>()
  /** Events that say something of current state. */
  readonly stateful: OwnedEvent[] = []
  readonly #open = new Map<string, { block: Block; named: Hash }>()
  readonly #changes = new Map<string, UsageChange>()
  readonly #hours = new Map<string, HourChange>()
  readonly #heard = new Map<string, HostHeardRow>()

  /** Throws a `TypeError` when an event holds what its column cannot; nothing of this harvest is good then. */
  add(events: readonly StoredEvent[]): void {
    const owned = events.filter(isOwned)
    for (const { tenant_id } of owned) this.tenants.add(tenant_id)
    const byType = Map.groupBy(owned, ({ event_type }) => event_type)
    for (const table of tables) {
      const ofType = byType.get(table.of)
      if (ofType) this.#addRows(table, ofType, ofType.flatMap(table.toRows))
    }
    const strays = owned.length === events.length ? [] : events.filter((event) => !isOwned(event))
    this.#addRows(unattributedEvents, strays, strays.map(toUnattributedRow))
    this.stateful.push(...owned.filter(hasRegister))
    for (const change of toHourChanges(owned)) this.#hours.set(`${change.tenant_id} ${change.hour}`, change)
    for (const change of toUsageChanges(owned)) this.#changes.set(`${change.tenant_id} ${change.window_start}`, change)
  }

  /** Of what a mark says only the newest of each host and partition counts. */
  hear(heard: HostHeardRow): void {
    const lane = `${heard.partition} ${heard.node_id}`
    if (heard.heard_at > (this.#heard.get(lane)?.heard_at ?? '')) this.#heard.set(lane, heard)
  }

  get inserts(): Insert[] {
    return [...this.#open].map(([table, { block, named }]) => ({ table, block, token: named.copy().digest('hex') }))
  }

  get usageChanges(): UsageChange[] {
    return [...this.#changes.values()]
  }

  get hourChanges(): HourChange[] {
    return [...this.#hours.values()]
  }

  get hostsHeard(): HostHeardRow[] {
    return [...this.#heard.values()]
  }

  #addRows(
    { name, openBlock }: { name: string; openBlock: () => Block },
    events: readonly StoredEvent[],
    rows: readonly object[],
  ): void {
    if (rows.length === 0) return
    const insert = this.#open.get(name) ?? { block: openBlock(), named: createHash('sha256').update(name) }
    this.#open.set(name, insert)
    insert.block.add(rows)
    insert.named.update(events.map(({ event_id }) => event_id).join())
  }
}
