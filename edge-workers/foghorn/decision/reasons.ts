/** Why a host was ruled out, from the furthest from serving to the nearest. */
export const reasons = [
  'stale',
  'unhealthy',
  'asker',
  'stream_absent',
  'protocol_absent',
  'tags_against',
  'held_out',
  'draining',
  'statistics_missing',
  'cpu_full',
  'memory_full',
  'bandwidth_full',
  'cpu_busy',
] as const
export type Reason = (typeof reasons)[number]

/** A reason as a number above 0, because 0 says that there is none. */
export const codes = Object.fromEntries(reasons.map((reason, index) => [reason, index + 1])) as Record<Reason, number>

export function reasonOf(code: number): Reason | undefined {
  return reasons[code - 1]
}
