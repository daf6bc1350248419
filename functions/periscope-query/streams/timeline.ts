/** What happened to the number of viewers within one step of a range: `moment` is the sum of `net` times its time in ms. */
export interface Change {
  step: number
  /** Arrivals less departures. */
  net: number
  moment: number
}

export interface Timeline {
  /** Mean number of viewers of each step. */
  means: number[]
  viewer_ms: number
}

/**
 * Mean viewers of each step, from arrivals and departures summed by step: the area under the number of viewers up to a
 * moment T is the sum of (T - t) over arrivals before T, less the same over departures. No step asks for every session.
 */
export function toTimeline(changes: readonly Change[], duration_ms: number, step_ms: number): Timeline {
  const byStep = new Map(changes.map((change) => [change.step, change]))
  const means: number[] = []
  let net = 0
  let moment = 0
  let before = 0
  for (let start = 0, step = 0; start < duration_ms; start += step_ms, step += 1) {
    const end = Math.min(start + step_ms, duration_ms)
    const change = byStep.get(step)
    net += change?.net ?? 0
    moment += change?.moment ?? 0
    const area = net * end - moment
    means.push((area - before) / (end - start))
    before = area
  }
  return { means, viewer_ms: before }
}
