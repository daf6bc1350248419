import { z } from 'zod'
import { Bytes, Code, Count, Name, Quantity } from './fields.ts'
import { HEALTH_REASONS_MAX } from './limits.ts'

/** How a media host does. Byte counters run since MistServer started; rates are null until there are two polls to compare. */
export const NodeMonitoring = z.strictObject({
  healthy: z.boolean(),
  /** Why not: `mist_unreachable`, `memory_high`, `shm_high`, ... Empty when healthy. */
  unhealthy_reasons: z.array(Code).max(HEALTH_REASONS_MAX),
  /** Of the whole machine, 0 to 100; null while MistServer cannot be asked, as is every figure below. */
  cpu_percent: z.number().min(0).max(100).nullable(),
  memory_total_bytes: Bytes.nullable(),
  memory_used_bytes: Bytes.nullable(),
  shm_total_bytes: Bytes.nullable(),
  shm_used_bytes: Bytes.nullable(),
  media_egress_bytes: Bytes.nullable(),
  media_ingress_bytes: Bytes.nullable(),
  media_egress_bytes_per_second: Quantity.nullable(),
  media_ingress_bytes_per_second: Quantity.nullable(),
  network_egress_bytes: Bytes.nullable(),
  network_ingress_bytes: Bytes.nullable(),
  network_egress_bytes_per_second: Quantity.nullable(),
  network_ingress_bytes_per_second: Quantity.nullable(),
  bandwidth_limit_bytes_per_second: Bytes.nullable(),
  streams: Count.nullable(),
  viewers: Count.nullable(),
  inputs: Count.nullable(),
  outputs: Count.nullable(),
  location: z
    .strictObject({ latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180), name: Name })
    .nullable(),
})
export type NodeMonitoring = z.infer<typeof NodeMonitoring>
