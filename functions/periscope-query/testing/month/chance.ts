import type { StoredEvent } from '../../../../shared/events/envelope.ts'

/** Whose event it is, and where it was seen. */
export type Where = Pick<StoredEvent, 'tenant_id' | 'stream_id' | 'node_id' | 'cluster_id'>

/** What a seed decides. */
export class Chance {
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
  }

  happens(share: number): boolean {
    return this.#random() < share
  }

  below(bound: number): number {
    return Math.floor(this.#random() * bound)
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T
  }

  /** Often short, sometimes long: exponential around a mean. */
  around(mean: number): number {
    return Math.ceil(-Math.log(1 - this.#random()) * mean)
  }

  uuid(): string {
    const part = () =>
      this.below(2 ** 16)
        .toString(16)
        .padStart(4, '0')
    return `${part()}${part()}-${part()}-4${part().slice(1)}-8${part().slice(1)}-${part()}${part()}${part()}`
  }

  /** An event at a moment (Unix ms), heard of a little later. */
  event(where: Where, event_type: StoredEvent['event_type'], at: number, data: object): StoredEvent {
    return {
      ...where,
      event_id: this.uuid(),
      event_type,
      stream_name: where.stream_id === null ? '' : `live+${where.stream_id}`,
      occurred_at: new Date(at).toISOString(),
      received_at: new Date(at + 300).toISOString(),
      source: event_type === 'load-balancing' ? 'foghorn' : 'helmsman',
      schema_version: 1,
      data,
    } as StoredEvent
  }
}
