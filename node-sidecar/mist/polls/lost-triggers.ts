import type { Statistics } from './statistics.ts'

/** Each kind of session, in the order of MistServer's counts, and triggers of which one fires when it begins. */
const announced: [index: 0 | 1, triggers: string[]][] = [
  [0, ['USER_NEW']],
  [1, ['PUSH_REWRITE', 'STREAM_READY']],
]

/**
 * Whether MistServer calls us no more, by two polls: it has started anew, or sessions have begun that no trigger told
 * of. The second happens when another MistController starts on the machine: it empties the triggers that both share,
 * while the first one's configuration still shows them.
 */
export function hasLostTriggers(before: Statistics, now: Statistics): boolean {
  return hasStartedAnew(before, now) || isSilent(before, now)
}

function hasStartedAnew(before: Statistics, now: Statistics): boolean {
  const counters = ({ bw, tot, triggers }: Statistics) => [
    ...bw,
    ...tot.slice(0, 3),
    ...Object.keys(before.triggers).map((name) => triggers[name]?.count ?? 0),
  ]
  const old = counters(before)
  return counters(now).some((count, i) => Number(count) < Number(old[i]))
}

function isSilent(before: Statistics, now: Statistics): boolean {
  return announced.some(([index, triggers]) => {
    const began = now.tot[index] > before.tot[index]
    return began && triggers.every((name) => countOf(now, name) === countOf(before, name))
  })
}

function countOf({ triggers }: Statistics, name: string): number {
  return triggers[name]?.count ?? 0
}
