import type { Filter, LiveEventType } from '../../../shared/contract/signalman.ts'

/** What an event is about, as far as subscriptions ask. */
export interface Subject {
  event_type: LiveEventType
  stream_id: string | null
  node_id: string | null
}

/** One subscription: an event must meet all that its filter gives, and be of a type that the caller may see. */
export class Interest {
  readonly filter: Filter
  readonly #types: ReadonlySet<string>
  readonly #streams: ReadonlySet<string | null> | undefined
  readonly #nodes: ReadonlySet<string | null> | undefined

  constructor(filter: Filter, visible: readonly LiveEventType[]) {
    this.filter = filter
    this.#types = new Set(filter.types ?? visible)
    this.#streams = filter.streams && new Set(filter.streams)
    this.#nodes = filter.nodes && new Set(filter.nodes)
  }

  meets({ event_type, stream_id, node_id }: Subject): boolean {
    return (
      this.#types.has(event_type) &&
      (this.#streams === undefined || this.#streams.has(stream_id)) &&
      (this.#nodes === undefined || this.#nodes.has(node_id))
    )
  }
}
