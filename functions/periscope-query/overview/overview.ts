import { type Overview, type OverviewQuery, TOP_MAX } from '../../../shared/contract/overview.ts'
import type { Ctx } from '../deps.ts'
import { readQuality } from '../quality/quality.ts'
import { readRouting } from '../routing/decisions.ts'
import { tenantUsage } from '../usage/usage.ts'
import { readTops } from '../viewers/viewers.ts'
import { readNow } from './now.ts'

/** All that a dashboard begins with, in one answer. */
export async function readOverview(ctx: Ctx, { bucket, ...range }: OverviewQuery): Promise<Overview> {
  const whole = { ...range, format: 'json', groups: TOP_MAX } as const
  const [now, { total, points, tops }, quality, routing, usage] = await Promise.all([
    readNow(ctx),
    readTops(ctx, { ...whole, bucket }, ['stream_id', 'country_code', 'protocol']),
    readQuality(ctx, whole),
    readRouting(ctx, whole),
    tenantUsage(ctx, range),
  ])
  const { stream_id: _, windows, from, to, ...sums } = usage
  return {
    ...{ from, to, now, viewers: { total, points } },
    ...{ top_streams: tops.stream_id, top_countries: tops.country_code, top_protocols: tops.protocol },
    ...{ quality: quality.total, routing: routing.total, usage: sums },
  }
}
