import { type ClickHouseSettings, parseError } from '@clickhouse/client-web'
import { timeout } from '../clickhouse-fault.ts'
import type { ClickHouseTarget } from '../client.ts'
import { quoteName } from '../statements.ts'
import type { Block } from './block.ts'

interface Post {
  table: string
  block: Block
  settings: ClickHouseSettings
  timeoutMs: number
}

/**
 * Inserts a block by ClickHouse's HTTP interface itself, as the client for the web sends text alone. Throws a
 * `ClickHouseError` when ClickHouse refuses, as that client does, and a `Fault` when it says nothing in time.
 */
export async function postBlock(target: ClickHouseTarget, { table, block, settings, timeoutMs }: Post): Promise<void> {
  const url = new URL(target.url)
  const columns = block.columns.map(quoteName).join(', ')
  url.searchParams.set('query', `INSERT INTO ${quoteName(table)} (${columns}) FORMAT Native`)
  url.searchParams.set('database', target.database)
  for (const [name, value] of Object.entries(settings)) url.searchParams.set(name, String(value))
  const authorization = `Basic ${btoa(`${target.user}:${target.password}`)}`
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const answer = await fetch(url, { method: 'POST', headers: { authorization }, body: block.toBytes(), signal })
    const text = await answer.text()
    if (!answer.ok || answer.headers.has('x-clickhouse-exception-code')) throw parseError(text)
  } catch (error) {
    throw signal.aborted ? timeout(error) : error
  }
}
