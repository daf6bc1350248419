import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { ClientSample } from '../../shared/events/client-lifecycle.ts'
import { StreamEnd } from '../../shared/events/stream-end.ts'
import { replaceFile } from '../journal/replace-file.ts'

export const OpenSession = z.object({ stream_name: z.string(), sample: ClientSample })
export type OpenSession = z.infer<typeof OpenSession>
export const OpenStream = StreamEnd.omit({ provenance: true, replaces: true })
export type OpenStream = z.infer<typeof OpenStream>

function entries<S extends z.ZodType>(last: S) {
  const missed = z.object({ at_ms: z.number(), up_ms: z.number() }).nullable()
  const next = z.object({ since: z.number(), last, after: z.string() }).optional()
  return z.array(z.tuple([z.string(), z.object({ since: z.number(), missed, last, next })]))
}

const MadeUp = z.object({
  event_id: z.string(),
  occurred_at: z.string(),
  bytes: z.number(),
  up_ms: z.number(),
  until: z.number().nullable(),
  replaced_by: z.string().nullable(),
})

/** What went on at a moment, and the position in the journal up to which ends are accounted for in it. */
const Snapshot = z.object({
  /** Which start of the machine its times count from, and how many ms after it this was. */
  boot: z.string().nullable(),
  up_ms: z.number(),
  position: z.number(),
  sessions: entries(OpenSession),
  streams: entries(OpenStream),
  made_up: z.object({
    sessions: z.array(z.tuple([z.string(), MadeUp])),
    streams: z.array(z.tuple([z.string(), MadeUp])),
  }),
})
export type Snapshot = z.infer<typeof Snapshot>

/** The last snapshot; null when there is none that can be read: then nothing before this start is reconciled. */
export async function loadSnapshot(path: string): Promise<Snapshot | null> {
  try {
    return Snapshot.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return null
  }
}

/** Replaces the snapshot, durably: what it no longer needs of the journal may then go. */
export async function saveSnapshot(path: string, snapshot: Snapshot): Promise<void> {
  await replaceFile(path, JSON.stringify(snapshot))
}
