import type { StoredEvent } from '../../../../shared/events/envelope.ts'
import type { Chance, Where } from './chance.ts'

const POLL_MS = 60_000
const POLLS_A_DAY = 1_440
const GIB = 1024 ** 3

/** How one media host does, minute by minute. */
export function* hostPolls(where: Where, start: number, days: number, chance: Chance): Generator<StoredEvent> {
  const sent = { media: 0, network: 0 }
  for (let poll = 0; poll < days * POLLS_A_DAY; poll += 1) {
    const healthy = !chance.happens(0.01)
    const rate = chance.below(50_000_000)
    sent.media += rate * 60
    sent.network += rate * 63
    yield chance.event(where, 'node-monitoring', start + poll * POLL_MS + chance.below(1_000), {
      ...{ healthy, unhealthy_reasons: healthy ? [] : [chance.pick(['memory_high', 'shm_high'])] },
      ...{
        cpu_percent: chance.below(1_000) / 10,
        memory_total_bytes: 64 * GIB,
        memory_used_bytes: chance.below(64 * GIB),
      },
      ...{ shm_total_bytes: 8 * GIB, shm_used_bytes: chance.below(8 * GIB) },
      ...{ media_egress_bytes: sent.media, media_ingress_bytes: Math.floor(sent.media / 10) },
      ...{ media_egress_bytes_per_second: rate, media_ingress_bytes_per_second: rate / 8 },
      ...{ network_egress_bytes: sent.network, network_ingress_bytes: Math.floor(sent.network / 10) },
      ...{ network_egress_bytes_per_second: rate + rate / 16, network_ingress_bytes_per_second: rate / 8 },
      ...{ bandwidth_limit_bytes_per_second: 125_000_000, streams: chance.below(20), viewers: chance.below(200) },
      ...{ inputs: chance.below(20), outputs: chance.below(3) },
      location: { latitude: 52.1, longitude: 4.3, name: 'The Hague' },
    })
  }
}
