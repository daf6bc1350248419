import type { Fleet } from '../decision/fleet.ts'

/** A picture as plain values that can be compared, by host: the slots in which hosts lie are nobody's business. */
export function show({ hosts, columns, holders, weights }: Fleet, streams: readonly string[]) {
  const { own: _own, held: _held, code: _code, resort: _resort, score: _score, ...figures } = columns
  const shown = hosts.flatMap((host, slot) => {
    if (host === undefined) return []
    const { age_ms: _age, ...load } = { age_ms: 0, ...host.load }
    const values = Object.entries(figures).map(([name, column]) => [name, Array.from<number>(column)[slot]])
    return [{ ...host, load, ...Object.fromEntries(values) }]
  })
  const held = streams.map((stream) =>
    holders
      .of(stream)
      .map((entry) => `${hosts[entry >> 1]?.node_id} ${entry & 1}`)
      .sort(),
  )
  return { weights, held, hosts: shown.sort((a, b) => (a.node_id < b.node_id ? -1 : 1)) }
}
