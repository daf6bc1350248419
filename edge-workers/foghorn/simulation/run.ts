import type { Machine, Viewer } from './world.ts'

export const RUN_MS = 120_000
const STEP_MS = 100
const HEARTBEAT_MS = 5_000
/** MistServer's statistics are of so long ago. */
export const LAG_MS = 15_000
export const SAMPLE_MS = 1_000

/** What a machine says of itself, late as it is. */
export interface Report {
  machine: number
  egress_bytes_per_second: number
  viewers: number
}

/** Who sends viewers to machines, as the simulation drives it. Its times are virtual. */
export interface Balancer {
  hear(report: Report, now_ms: number): void
  /** The machine for a viewer; null when none will do. */
  choose(viewer: Viewer, now_ms: number): number | null
  tick(now_ms: number): void
}

export interface Outcome {
  /** By machine, its egress as a share of its limit, a value each `SAMPLE_MS`. */
  load: number[][]
  refused: number
  /** What viewers went through on machines over their limits, in viewer seconds. */
  overloaded_viewer_s: number
  /** The highest load that any machine had while another was below nine tenths. */
  peak: number
}

/** Sends a crowd to machines and watches what these have to carry. Nobody leaves: a flash crowd watches its event. */
export function run(machines: readonly Machine[], crowd: readonly Viewer[], balancer: Balancer): Outcome {
  const state = machines.map(({ base_bytes_per_second, base_viewers }) => ({
    egress: base_bytes_per_second,
    viewers: base_viewers,
    past: [] as { egress: number; viewers: number }[],
  }))
  const waiting: { viewer: Viewer; machine: number }[][] = []
  const outcome: Outcome = { load: machines.map(() => []), refused: 0, overloaded_viewer_s: 0, peak: 0 }
  let next = 0
  for (let now_ms = 0; now_ms < RUN_MS; now_ms += STEP_MS) {
    const step = now_ms / STEP_MS
    for (const { viewer, machine } of waiting[step] ?? []) {
      const carried = state[machine]
      if (carried === undefined) continue
      carried.egress += viewer.bytes_per_second
      carried.viewers++
    }
    for (const [machine, { phase_ms }] of machines.entries()) {
      const { past, egress, viewers } = state[machine] ?? { past: [], egress: 0, viewers: 0 }
      past.push({ egress, viewers })
      if (Math.floor((now_ms - phase_ms) / STEP_MS) % (HEARTBEAT_MS / STEP_MS) !== 0) continue
      const then = past[Math.max(0, past.length - 1 - LAG_MS / STEP_MS)]
      if (then) balancer.hear({ machine, egress_bytes_per_second: then.egress, viewers: then.viewers }, now_ms)
    }
    balancer.tick(now_ms)
    for (let viewer = crowd[next]; viewer !== undefined && viewer.at_ms < now_ms + STEP_MS; viewer = crowd[++next]) {
      const machine = balancer.choose(viewer, viewer.at_ms)
      if (machine === null) {
        outcome.refused++
        continue
      }
      const at = Math.ceil(viewer.plays_at_ms / STEP_MS)
      waiting[at] = [...(waiting[at] ?? []), { viewer, machine }]
    }
    const loads = state.map(({ egress }, machine) => egress / (machines[machine]?.limit_bytes_per_second ?? 1))
    if (Math.min(...loads) < 0.9) outcome.peak = Math.max(outcome.peak, ...loads)
    if (now_ms % SAMPLE_MS !== 0) continue
    for (const [machine, load] of loads.entries()) {
      outcome.load[machine]?.push(load)
      if (load > 1) outcome.overloaded_viewer_s += ((state[machine]?.viewers ?? 0) * SAMPLE_MS) / 1000
    }
  }
  return outcome
}
