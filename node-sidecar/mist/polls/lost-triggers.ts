import type { Statistics } from './statistics.ts'

/** A trigger is counted when it fires, its session only when MistServer's statistics next look: so much later at most. */
export const COUNTED_LATE_MS = 4_000
const POLLS_KEPT_MS = 60_000
/**
 * When no trigger has fired for so long, nothing tells a host that is not used from one that cannot be: without triggers no
 * publisher gets in, and so nobody watches.
 */
export const UNHEARD_MS = 5 * 60_000

/** Why the triggers must be set anew: they are gone for certain, or nobody can tell. */
export type Doubt = 'lost' | 'unheard'

/** Each kind of session, in the order of MistServer's counts, and triggers of which one fires when it begins. */
const announced: [index: 0 | 1, triggers: string[]][] = [
  [0, ['USER_NEW']],
  [1, ['PUSH_REWRITE', 'STREAM_READY']],
]

/** What of a poll's statistics tells; the rest grows with the streams of a host, and is not kept. */
type Told = Pick<Statistics, 'tot' | 'triggers'>

interface Poll {
  up_ms: number
  statistics: Told
}

/**
 * Notices by its statistics when MistServer calls us no more: it has started anew, or sessions have begun that no
 * trigger told of. The second happens when another MistController starts on the machine: it empties the triggers that
 * both share, while the first one's configuration still shows them.
 */
export class LostTriggers {
  #polls: Poll[] = []
  /** How many triggers had fired, and since when it is as many. */
  #heard = { count: -1, since: 0 }

  /** Takes the statistics of a poll (ms of uptime) and answers whether, and why, the triggers must be set anew. */
  see({ tot, triggers }: Told, up_ms: number): Doubt | undefined {
    const statistics = { tot, triggers }
    if (this.#areLost(statistics, up_ms)) {
      this.#heard = { count: heardIn(statistics), since: up_ms }
      return 'lost'
    }
    const count = heardIn(statistics)
    const unheard = count === this.#heard.count && up_ms - this.#heard.since >= UNHEARD_MS
    if (count !== this.#heard.count || unheard) this.#heard = { count, since: up_ms }
    return unheard ? 'unheard' : undefined
  }

  #areLost(statistics: Told, up_ms: number): boolean {
    const before = this.#polls.at(-1)
    const earlier = this.#polls.findLast((poll) => before !== undefined && poll.up_ms <= before.up_ms - COUNTED_LATE_MS)
    this.#polls = [...this.#polls.filter((poll) => poll.up_ms > up_ms - POLLS_KEPT_MS), { up_ms, statistics }]
    if (before === undefined) return false
    const lost =
      hasStartedAnew(before.statistics, statistics) ||
      (earlier !== undefined && isSilent(earlier.statistics, before.statistics, statistics))
    // What is set anew is judged by what comes from now on.
    if (lost) this.#polls = [{ up_ms, statistics }]
    return lost
  }
}

function hasStartedAnew(before: Told, now: Told): boolean {
  const names = Object.keys(before.triggers)
  const fewer = (index: 0 | 1 | 2) => now.tot[index] < before.tot[index]
  return fewer(0) || fewer(1) || fewer(2) || names.some((name) => countOf(now, name) < countOf(before, name))
}

function isSilent(earlier: Told, before: Told, now: Told): boolean {
  return announced.some(([index, triggers]) => {
    const began = now.tot[index] > before.tot[index]
    return began && triggers.every((name) => countOf(now, name) === countOf(earlier, name))
  })
}

function countOf({ triggers }: Told, name: string): number {
  return triggers[name]?.count ?? 0
}

function heardIn({ triggers }: Told): number {
  return Object.values(triggers).reduce((sum, { count }) => sum + count, 0)
}
