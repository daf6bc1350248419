import { sql } from 'kysely'
import { requireTenant } from '../../../shared/context.ts'
import type {
  StatusesQuery,
  StatusQuery,
  StreamStatus,
  StreamStatusPage,
} from '../../../shared/contract/periscope-query.ts'
import { decodeCursor, toPage } from '../../../shared/page.ts'
import type { Ctx } from '../deps.ts'
import { readPast } from './past.ts'
import { streamReaderOf } from './reader.ts'
import { toStatuses, toStreamStatus } from './statuses.ts'

/** The state of a stream of the caller's over all of its hosts, now or as it was. */
export async function readStatus(ctx: Ctx, stream_id: string, { at }: StatusQuery): Promise<StreamStatus> {
  const reader = await streamReaderOf(ctx, stream_id)
  const { tenant_id } = reader
  const read = () =>
    ctx.db.within({ tenant_id }, (tx) =>
      tx
        .selectFrom('stream_state')
        .select(['node_id', 'cluster_id', 'aspect', 'occurred_at', 'data'])
        .where('stream_id', '=', stream_id)
        .execute(),
    )
  const registers = at === undefined ? await read() : await readPast(reader, at)
  const own = registers.map((register) => ({ stream_id, ...register }))
  const [status] = toStatuses(own, at === undefined ? ctx.now() : new Date(at))
  return status ?? { stream_id, ...toStreamStatus([]) }
}

/** The state of all of the caller's streams of which anything was ever heard, by id. */
export async function listStatuses(ctx: Ctx, { limit, cursor, on }: StatusesQuery): Promise<StreamStatusPage> {
  const tenant_id = requireTenant(ctx, 'analytics:read')
  const [after = ''] = cursor === undefined ? [] : decodeCursor(cursor, 1)
  const registers = await ctx.db.within({ tenant_id }, (tx) =>
    tx
      .with('listed', (listed) => {
        const all = listed.selectFrom('stream_state').select('stream_id').distinct().where('stream_id', '>', after)
        const some = all.where('aspect', '=', 'lifecycle').where(sql`data->>'status'`, '!=', 'offline')
        return (on ? some : all).orderBy('stream_id').limit(limit + 1)
      })
      .selectFrom('stream_state')
      .select(['stream_id', 'node_id', 'cluster_id', 'aspect', 'occurred_at', 'data'])
      .where('stream_id', 'in', (of) => of.selectFrom('listed').select('stream_id'))
      .orderBy('stream_id')
      .execute(),
  )
  return toPage(toStatuses(registers, ctx.now()), limit, ({ stream_id }) => [stream_id])
}
