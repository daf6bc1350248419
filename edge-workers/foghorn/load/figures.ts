import type { HostOverview } from '../cluster/cluster-state.ts'

type Host = Pick<HostOverview, 'heartbeat' | 'viewers'>

/** Viewers, bytes per second for one of them, bytes sent and received since the stream began: in MistUtilLoad's order. */
export type StreamFigures = [viewers: number, viewer_bytes_per_second: number, up: number, down: number]

/** What all hosts together say of the streams that `pattern` names: `*`, a name, or the part before `+` of several. */
export function figuresOf(hosts: readonly Host[], pattern: string): Record<string, StreamFigures> {
  const figures = new Map<string, StreamFigures>()
  for (const host of hosts) {
    const each = viewerBytesOf(host)
    for (const { name, viewers, sent = 0, received = 0 } of host.heartbeat.streams) {
      if (!isNamed(name, pattern)) continue
      const [before, mean, up, down] = figures.get(name) ?? [0, 0, 0, 0]
      const all = before + viewers
      const weighed = all === 0 ? 0 : Math.round((mean * before + each * viewers) / all)
      figures.set(name, [all, weighed, up + sent, down + received])
    }
  }
  return Object.fromEntries(Array.from(figures).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

export function viewersOf(hosts: readonly Host[], pattern: string): Record<string, number> {
  return Object.fromEntries(Object.entries(figuresOf(hosts, pattern)).map(([name, [viewers]]) => [name, viewers]))
}

function isNamed(name: string, pattern: string): boolean {
  return pattern === '*' || name === pattern || name.startsWith(`${pattern}+`)
}

/** A host measures its viewers together, so those of each of its streams count alike. */
function viewerBytesOf({ heartbeat, viewers }: Host): number {
  return viewers === 0 ? 0 : (heartbeat.egress_bytes_per_second ?? 0) / viewers
}
