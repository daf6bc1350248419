import type { Filter, LiveEventType } from '../contract/signalman.ts'

/** What an event is about, as far as subscriptions ask. */
export interface Subject {
  seq: number
  event_type: LiveEventType
  stream_id: string | null
  node_id: string | null
}

/** One subscription: an event must meet all that its filter gives, and be of a type that the caller may see. */
export class Interest {
  readonly filter: Filter
  /** What is not after this was in its snapshot. */
  readonly since: number
  readonly #types: ReadonlySet<string> | undefined
  readonly #streams: ReadonlySet<string | null> | undefined
  readonly #nodes: ReadonlySet<string | null> | undefined

  /** `visible` are the types that the caller may see, where that is known. */
  constructor(filter: Filter, visible: readonly LiveEventType[] | undefined, since: number) {
    this.filter = filter
    this.since = since
    const types = filter.types ?? visible
    this.#types = types && new Set(types)
    this.#streams = filter.streams && new Set(filter.streams)
    this.#nodes = filter.nodes && new Set(filter.nodes)
  }

  /** Whether an event is to be told to it. */
  wants(event: Subject): boolean {
    return event.seq > this.since && this.meets(event)
  }

  meets({ event_type, stream_id, node_id }: Omit<Subject, 'seq'>): boolean {
    return (
      (this.#types === undefined || this.#types.has(event_type)) &&
      (this.#streams === undefined || this.#streams.has(stream_id)) &&
      (this.#nodes === undefined || this.#nodes.has(node_id))
    )
  }
}
