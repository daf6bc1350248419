import { flag, quantityOrNull, wholeOrNull, word, words } from './column.ts'
import { table } from './table.ts'

/** How a media host does at each poll; the tenant is the owner of its cluster. */
export const nodeSamples = table({
  name: 'node_samples',
  of: 'node-monitoring',
  columns: {
    healthy: flag,
    unhealthy_reasons: words,
    cpu_percent: quantityOrNull,
    memory_total_bytes: wholeOrNull,
    memory_used_bytes: wholeOrNull,
    shm_total_bytes: wholeOrNull,
    shm_used_bytes: wholeOrNull,
    media_egress_bytes: wholeOrNull,
    media_ingress_bytes: wholeOrNull,
    media_egress_bytes_per_second: quantityOrNull,
    media_ingress_bytes_per_second: quantityOrNull,
    network_egress_bytes: wholeOrNull,
    network_ingress_bytes: wholeOrNull,
    network_egress_bytes_per_second: quantityOrNull,
    network_ingress_bytes_per_second: quantityOrNull,
    bandwidth_limit_bytes_per_second: wholeOrNull,
    streams: wholeOrNull,
    viewers: wholeOrNull,
    inputs: wholeOrNull,
    outputs: wholeOrNull,
    latitude: quantityOrNull,
    longitude: quantityOrNull,
    location_name: word,
  },
  toRows: ({ data: { location, ...data } }) => [
    {
      ...data,
      latitude: location?.latitude ?? null,
      longitude: location?.longitude ?? null,
      location_name: location?.name ?? '',
    },
  ],
})
