export * as Services from './services.ts'

import { type Selectable, sql } from 'kysely'
import type { z } from 'zod'
import { requireOperator, requireService } from '../../../shared/context.ts'
import {
  type RegisterServiceInstance,
  SERVICE_INSTANCES_MAX,
  type ServiceInstance,
  type ServiceQuery,
} from '../../../shared/contract/registry.ts'
import { Fault } from '../../../shared/fault.ts'
import { decodeCursor, toPage } from '../../../shared/page.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'

type Info = z.infer<typeof ServiceInstance>

export interface InstanceName {
  name: string
  id: string
}

/** Notes that an instance of the calling service runs, until its time to live has passed; those whose has are swept. */
export async function register(
  ctx: Ctx,
  { name, id }: InstanceName,
  { ttl_seconds, ...said }: z.infer<typeof RegisterServiceInstance>,
): Promise<Info> {
  requireService(ctx, name)
  const now = ctx.now()
  const expires_at = new Date(now.getTime() + ttl_seconds * 1000)
  return ctx.db.within({ lookup: name }, async (tx) => {
    // One at a time for each service, so that of many new instances none is one too many.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`service:${name}`}, 0))`.execute(tx)
    const own = tx.deleteFrom('service_instances').where('service', '=', name)
    await own.where('expires_at', '<=', now).execute()
    const row = await tx
      .insertInto('service_instances')
      .values({ service: name, id, ...said, registered_at: now, seen_at: now, expires_at })
      .onConflict((conflict) => conflict.columns(['service', 'id']).doUpdateSet({ ...said, seen_at: now, expires_at }))
      .returningAll()
      .executeTakeFirstOrThrow()
    const all = tx.selectFrom('service_instances').select('id').where('service', '=', name)
    if ((await all.limit(SERVICE_INSTANCES_MAX + 1).execute()).length > SERVICE_INSTANCES_MAX) {
      throw new Fault('conflict', 'too_many_instances', `A service has at most ${SERVICE_INSTANCES_MAX} instances.`)
    }
    return toInfo(row)
  })
}

/** Notes that an instance of the calling service runs no longer. */
export async function unregister(ctx: Ctx, { name, id }: InstanceName): Promise<void> {
  requireService(ctx, name)
  await ctx.db.within({ lookup: name }, (tx) =>
    tx.deleteFrom('service_instances').where('service', '=', name).where('id', '=', id).execute(),
  )
}

/** The instances that run, by service and id; for operators. */
export async function list(ctx: Ctx, { limit, cursor, service }: z.infer<typeof ServiceQuery>) {
  requireOperator(ctx, 'infrastructure:read')
  return ctx.db.read({ job: 'list_services' }, async (tx) => {
    let page = tx.selectFrom('service_instances').selectAll().where('expires_at', '>', ctx.now())
    if (service !== undefined) page = page.where('service', '=', service)
    if (cursor !== undefined) {
      const [after = '', id = ''] = decodeCursor(cursor, 2)
      page = page.where(sql<boolean>`(service, id) > (${after}, ${id})`)
    }
    const rows = await page
      .orderBy('service')
      .orderBy('id')
      .limit(limit + 1)
      .execute()
    const { data, next_cursor } = toPage(rows, limit, (row) => [row.service, row.id])
    return { data: data.map(toInfo), next_cursor }
  })
}

function toInfo(row: Selectable<Tables['service_instances']>): Info {
  const { service, id, base_url, version } = row
  return {
    service,
    id,
    base_url,
    version,
    registered_at: row.registered_at.toISOString(),
    seen_at: row.seen_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
  }
}
