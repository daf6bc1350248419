import { type Selectable, type SelectQueryBuilder, sql } from 'kysely'
import type { z } from 'zod'
import { requireTenant } from '../../../shared/context.ts'
import { type ListStreams, type StreamSort, streamSorts } from '../../../shared/contract/commodore.ts'
import { decodeCursor, invalidCursor, toPage } from '../../../shared/page.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'
import { toInfo } from './streams.ts'

type Asked = z.infer<typeof ListStreams>
type Query = SelectQueryBuilder<Tables, 'streams', Selectable<Tables['streams']>>

/** The tenant's streams that are asked for. A cursor carries its order and where the last page ended in it. */
export async function list(ctx: Ctx, asked: Asked) {
  const tenantId = requireTenant(ctx, 'streams:read')
  const { limit } = asked
  const { sort, after } = readPosition(asked)
  return ctx.db.read({ tenant_id: tenantId }, async (tx) => {
    const own = tx.selectFrom('streams').selectAll().where('tenant_id', '=', tenantId).where('deleted_at', 'is', null)
    const page = sorted(filtered(own, asked), sort, after)
    const rows = await page.limit(limit + 1).execute()
    const { data, next_cursor } = toPage(rows, limit, (row) => [sort, row.title_key, row.id])
    return { data: data.map(toInfo), next_cursor }
  })
}

function readPosition({ cursor, sort }: Asked): { sort: StreamSort; after?: { title: string; id: string } } {
  if (cursor === undefined) return { sort: sort ?? '-created_at' }
  const [name, title = '', id = ''] = decodeCursor(cursor, 3)
  const own = streamSorts.find((known) => known === name)
  if (!own || (sort !== undefined && sort !== own)) throw invalidCursor()
  return { sort: own, after: { title, id } }
}

function filtered(query: Query, { search, playback_policy, enabled, record, dvr }: Asked): Query {
  const flags = Object.entries({ enabled, record, dvr }) as ['enabled' | 'record' | 'dvr', string | undefined][]
  const chosen = flags
    .filter(([, value]) => value !== undefined)
    .reduce((rest, [column, value]) => rest.where(column, '=', value === 'true'), query)
  const ofPolicy = playback_policy ? chosen.where('playback_policy', '=', playback_policy) : chosen
  if (!search) return ofPolicy
  return ofPolicy.where(sql<boolean>`strpos(title_key, lower(${search} collate pg_c_utf8) collate "C") > 0`)
}

/** Ids are ordered by time, so the newest stream has the highest. */
function sorted(query: Query, sort: StreamSort, after?: { title: string; id: string }): Query {
  const descending = sort.startsWith('-')
  const direction = descending ? 'desc' : 'asc'
  const comparison = sql.raw(descending ? '<' : '>')
  if (sort === 'title' || sort === '-title') {
    const page = after ? query.where(sql<boolean>`(title_key, id) ${comparison} (${after.title}, ${after.id})`) : query
    return page.orderBy('title_key', direction).orderBy('id', direction)
  }
  const page = after ? query.where('id', descending ? '<' : '>', after.id) : query
  return page.orderBy('id', direction)
}
