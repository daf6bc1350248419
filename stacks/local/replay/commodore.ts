import { z } from 'zod'
import { type Client, call } from '../../../shared/client/client.ts'
import {
  CreatedStream,
  CreatedStreamKey,
  CreateStream,
  CreateStreamKey,
  Stream,
} from '../../../shared/contract/commodore.ts'
import { endpoint } from '../../../shared/contract/endpoint.ts'
import { PAGE_LIMIT_MAX, Page, PageQuery } from '../../../shared/contract/page.ts'

const list = endpoint({ method: 'GET', path: '/streams', request: PageQuery.partial(), response: Page(Stream) })
const create = endpoint({ method: 'POST', path: '/streams', request: CreateStream, response: CreatedStream })
const createKey = endpoint({
  method: 'POST',
  path: '/streams/{id}/keys',
  request: CreateStreamKey.extend({ id: z.string() }),
  response: CreatedStreamKey,
})
const revokeKey = endpoint({
  method: 'DELETE',
  path: '/streams/{id}/keys/{key_id}',
  request: z.object({ id: z.string(), key_id: z.string() }),
  response: z.unknown(),
})

/** A stream of the demo tenant that stands for a recorded one, with a key of its own for this replay. */
export interface Provisioned {
  recorded_name: string
  stream_id: string
  runtime_name: string
  playback_id: string
  key_id: string
  stream_key: string
}

/** Finds or creates the stream titled after the recorded one, and gives it a fresh key. */
export async function provision(commodore: Client, recorded_name: string): Promise<Provisioned> {
  const title = `Replay ${recorded_name}`
  const stream = (await findByTitle(commodore, title)) ?? (await call(commodore, create, { title }))
  const key = await call(commodore, createKey, { id: stream.id, name: 'Replay' })
  return {
    recorded_name,
    stream_id: stream.id,
    runtime_name: `live+${stream.internal_name}`,
    playback_id: stream.playback_id,
    key_id: key.id,
    stream_key: key.stream_key,
  }
}

/** Ends the keys of this replay; the streams stay, so that the next replay reports to the same ones. */
export async function revoke(commodore: Client, streams: readonly Provisioned[]): Promise<void> {
  for (const { stream_id, key_id } of streams) await call(commodore, revokeKey, { id: stream_id, key_id })
}

async function findByTitle(commodore: Client, title: string) {
  let cursor: string | undefined
  do {
    const page = await call(commodore, list, { limit: PAGE_LIMIT_MAX, cursor })
    const found = page.data.find((stream) => stream.title === title)
    if (found) return found
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
  return undefined
}
