/** What MistServer counts of something that goes on, in its own words: up is to viewers. */
export interface Figures {
  seconds: number
  egress_bytes: number
  ingress_bytes: number
}

export type Kind = 'session' | 'run'

/** One session, or one run of a stream, on one host: from its first byte to its end. */
export interface Life {
  kind: Kind
  node_id: string
  key: string
  beganAt: number
  /** Null while it goes on. */
  endedAt: number | null
  /** The id of the event that its own notice makes; null when MistServer died before it could send one. */
  event_id: string | null
  final: Figures | null
  /** Whether Helmsman answered the notice with 200. */
  taken: boolean
  /** What polls were told of it. */
  samples: Figures[]
  /** Helmsman had it in a snapshot that it said to have saved. */
  witnessed: boolean
}

/** Every life there was, as seen from inside MistServer. */
export class Lives {
  readonly all: Life[] = []
  readonly #open = new Map<string, Life>()

  /** The life that goes on under a key, or a new one. */
  open(kind: Kind, node_id: string, key: string, now: number): Life {
    const name = `${kind} ${node_id} ${key}`
    const known = this.#open.get(name)
    if (known !== undefined) return known
    const life: Life = {
      kind,
      node_id,
      key,
      beganAt: now,
      endedAt: null,
      event_id: null,
      final: null,
      taken: false,
      samples: [],
      witnessed: false,
    }
    this.#open.set(name, life)
    this.all.push(life)
    return life
  }

  end(life: Life, now: number): void {
    life.endedAt = now
    this.#open.delete(`${life.kind} ${life.node_id} ${life.key}`)
  }

  /** Those that go on at a host. */
  openAt(node_id: string): Life[] {
    return [...this.#open.values()].filter((life) => life.node_id === node_id)
  }

  find(kind: Kind, node_id: string, key: string): Life | undefined {
    return this.#open.get(`${kind} ${node_id} ${key}`)
  }
}
