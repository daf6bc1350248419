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
  const [{ total, points, tops }, [quality, now, routing, usage]] = await Promise.all([
    readTops(ctx, { ...whole, bucket }, ['stream_id', 'country_code', 'protocol']),
    readOthers(ctx, whole),
  ])
  const { stream_id: _, windows, from, to, ...sums } = usage
  return {
    ...{ from, to, now, viewers: { total, points } },
    ...{ top_streams: tops.stream_id, top_countries: tops.country_code, top_protocols: tops.protocol },
    ...{ quality: quality.total, routing: routing.total, usage: sums },
  }
}

/** All but the viewers, which take longest: the rest waits for quality, so that fewer questions are beside theirs at once. */
async function readOthers(ctx: Ctx, whole: Omit<OverviewQuery, 'bucket'> & { format: 'json'; groups: number }) {
  const quality = await readQuality(ctx, whole)
  const others = await Promise.all([readNow(ctx), readRouting(ctx, whole), tenantUsage(ctx, whole)])
  return [quality, ...others] as const
}
