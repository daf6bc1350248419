import { Gauge, type Registry } from 'prom-client'
import type { EventLog } from '../kafka/event-log.ts'
import { shareReading } from './reading.ts'

interface Readers {
  topic: string
  groups: readonly string[]
}

/** Shows how far each group of a topic has read, on either engine, whenever metrics are asked for. */
export function showLogLag(registry: Registry, events: Pick<EventLog, 'lag'>, { topic, groups }: Readers): void {
  const labelNames = ['group', 'partition'] as const
  const readAll = shareReading(async () => {
    const lags = groups.map(async (group) => (await events.lag({ topic, group })).map((lag) => ({ group, ...lag })))
    return (await Promise.all(lags)).flat()
  })
  new Gauge({
    name: 'event_log_lag_records',
    help: 'Records that the group has not committed yet',
    labelNames,
    registers: [registry],
    async collect() {
      this.reset()
      for (const { group, partition, lag } of (await readAll()) ?? []) this.set({ group, partition }, Number(lag))
    },
  })
  new Gauge({
    name: 'event_log_committed_offset',
    help: 'The next record that the group would be given after a restart',
    labelNames,
    registers: [registry],
    async collect() {
      this.reset()
      for (const { group, partition, committed } of (await readAll()) ?? []) {
        this.set({ group, partition }, Number(committed))
      }
    },
  })
}
