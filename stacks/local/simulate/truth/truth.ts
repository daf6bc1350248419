import { EVENTS_TOPIC } from '../../../../shared/contract/decklog.ts'
import { eventId } from '../../../../shared/ids.ts'
import type { RecordPosition } from '../../../../shared/kafka/event-log.ts'
import { type Figures, Lives } from './lives.ts'

/** A notice that MistServer sent: once, whether anybody heard it or not. */
export interface Notice {
  node_id: string
  trigger: string
  event_id: string
  lines: string[]
  /** Whether Helmsman answered with 200: from then on it must not be lost. */
  taken: boolean
}

/** What really happened, noted beside the pipeline and never told to it. */
export class Truth {
  readonly lives = new Lives()
  readonly notices = new Map<string, Notice>()
  /** Ids of events as each host first sent them, in order. */
  readonly sent = new Map<string, string[]>()
  /** Records of the log that cannot be stored, by their places: the reason why. */
  readonly poison = new Map<string, string>()
  readonly #sentOnce = new Set<string>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** MistServer fires a notice. */
  fired(node_id: string, trigger: string, uuid: string, body: string): Notice {
    const event_id = eventId(node_id, trigger, uuid)
    const notice = { node_id, trigger, event_id, lines: body.split('\n'), taken: false }
    this.notices.set(event_id, notice)
    if (trigger === 'USER_END') this.#ended('session', notice, sessionEnd(notice.lines))
    if (trigger === 'STREAM_END') this.#ended('run', notice, runEnd(notice.lines))
    return notice
  }

  /** Helmsman answered a notice with 200. */
  taken(notice: Notice): void {
    notice.taken = true
    for (const life of this.lives.all) if (life.event_id === notice.event_id) life.taken = true
  }

  /** A poll was told of a session or a run. */
  shown(kind: 'session' | 'run', node_id: string, key: string, figures: Figures): void {
    this.lives.open(kind, node_id, key, this.#now()).samples.push(figures)
  }

  /** Helmsman has saved that these go on. */
  witnessed(kind: 'session' | 'run', node_id: string, seen: ReadonlyMap<string, Figures>): void {
    for (const life of this.lives.all) {
      const figures = life.kind === kind && life.node_id === node_id ? seen.get(life.key) : undefined
      if (figures !== undefined && life.samples.some((sample) => same(sample, figures))) life.witnessed = true
    }
  }

  /** MistServer died: what went on has ended, and nobody will say so. */
  died(node_id: string): void {
    for (const life of this.lives.openAt(node_id)) this.lives.end(life, this.#now())
  }

  /** A host ships events; it may ship them again. */
  ships(node_id: string, event_ids: readonly string[]): void {
    const list = this.sent.get(node_id) ?? []
    this.sent.set(node_id, list)
    for (const event_id of event_ids) {
      if (this.#sentOnce.has(event_id)) continue
      this.#sentOnce.add(event_id)
      list.push(event_id)
    }
  }

  #ended(
    kind: 'session' | 'run',
    { node_id, event_id }: Notice,
    { key, final }: { key: string; final: Figures },
  ): void {
    const life = this.lives.open(kind, node_id, key, this.#now())
    life.event_id = event_id
    life.final = final
    this.lives.end(life, this.#now())
  }
}

/** Where a record lies in the log of events, as dead letters name it. */
export function placeOf({ partition, offset }: RecordPosition): string {
  return `${EVENTS_TOPIC}/${partition}/${offset}`
}

export function same(a: Figures, b: Figures): boolean {
  return a.seconds === b.seconds && a.egress_bytes === b.egress_bytes && a.ingress_bytes === b.ingress_bytes
}

/** The twelve lines of USER_END, read by hand: the truth must not be read by what it judges. */
function sessionEnd(lines: readonly string[]) {
  const [seconds, egress_bytes, ingress_bytes] = lines.slice(4, 7).map(Number)
  return { key: lines[11] ?? '', final: figures(seconds, egress_bytes, ingress_bytes) }
}

/** STREAM_END: name, down, up, viewers, inputs, outputs, seconds. */
function runEnd(lines: readonly string[]) {
  const [ingress_bytes, egress_bytes] = lines.slice(1, 3).map(Number)
  return { key: lines[0] ?? '', final: figures(Number(lines[6]), egress_bytes, ingress_bytes) }
}

function figures(seconds = 0, egress_bytes = 0, ingress_bytes = 0): Figures {
  return { seconds, egress_bytes, ingress_bytes }
}
