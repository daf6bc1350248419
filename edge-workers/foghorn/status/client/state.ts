import type { HostStatus } from '../../../../shared/contract/foghorn-status.ts'

/** From good to bad; each has a colour of its own in the style sheet, and never the colour alone. */
export const severities = ['open', 'busy', 'away', 'down'] as const
export type Severity = (typeof severities)[number]

interface State {
  word: string
  severity: Severity
}

const OPEN: State = { word: 'open', severity: 'open' }

const states = new Map<string, State>(
  Object.entries({
    stale: { word: 'silent', severity: 'down' },
    unhealthy: { word: 'unhealthy', severity: 'down' },
    held_out: { word: 'held out', severity: 'away' },
    draining: { word: 'draining', severity: 'away' },
    statistics_missing: { word: 'no figures', severity: 'down' },
    memory_full: { word: 'memory full', severity: 'busy' },
    bandwidth_full: { word: 'bandwidth full', severity: 'busy' },
    cpu_full: { word: 'cpu full', severity: 'busy' },
    cpu_busy: { word: 'cpu busy', severity: 'busy' },
  }),
)

/** What people call the state of a host; the gravest reason counts. */
export function stateOf({ reasons: [reason] }: Pick<HostStatus, 'reasons'>): State {
  return reason === undefined ? OPEN : (states.get(reason) ?? { word: wordsOf(reason), severity: 'down' })
}

export function worst(hosts: readonly HostStatus[]): Severity {
  const ranks = hosts.map((host) => severities.indexOf(stateOf(host).severity))
  return severities[Math.max(0, ...ranks)] ?? 'open'
}

/** A reason in words: `bandwidth_full` is `bandwidth full`. */
export function wordsOf(reason: string): string {
  return reason.replaceAll('_', ' ')
}
