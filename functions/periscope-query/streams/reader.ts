import { requireTenant } from '../../../shared/context.ts'
import type { Ctx } from '../deps.ts'
import { type Reader, readerOf } from '../rows/reader.ts'
import type { Filter, Source, TenantTable } from '../rows/source.ts'

/** Reads one stream's rows and no others. */
export interface StreamReader extends Omit<Reader, 'rows'> {
  rows(table: TenantTable, filter?: Omit<Filter, 'stream_id'>): Source
}

/** The reader for a stream of the caller's; 404 for another tenant's. */
export async function streamReaderOf(ctx: Ctx, stream_id: string): Promise<StreamReader> {
  const reader = readerOf(ctx)
  await ctx.streams.require(reader.tenant_id, stream_id)
  return { ...reader, rows: (table, filter) => reader.rows(table, { ...filter, stream_id }) }
}

/** Lets a question go on that is about one stream only if it is the caller's; 404 for another tenant's. */
export async function requireOwnStream(ctx: Ctx, stream_id: string | undefined): Promise<void> {
  if (stream_id !== undefined) await ctx.streams.require(requireTenant(ctx, 'analytics:read'), stream_id)
}
