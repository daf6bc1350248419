import { z } from 'zod'
import type { ClientSample } from '../../../shared/events/client-lifecycle.ts'
import { CLIENT_SAMPLES_MAX } from '../../../shared/events/limits.ts'
import { Fault } from '../../../shared/fault.ts'
import { inSlices } from '../../slices.ts'
import type { MistApi } from '../api.ts'
import { name } from '../events/event.ts'
import { roleOf } from '../viewer.ts'

/** So often it is looked who watches, for ends that nobody hears: with 10,000 sessions that takes 0.1 s of a core. */
export const CLIENTS_POLL_INTERVAL_MS = 10_000
/** So often what is seen is told as samples. */
export const CLIENT_SAMPLES_INTERVAL_MS = 60_000
/** MistServer's figures are complete only after a few seconds; without a time it answers for ten minutes ago. */
const SECONDS_AGO = -5

const Count = z.number().transform((value) => Math.max(0, Math.round(value)))

const Session = z.object({
  stream: z.string(),
  protocol: z.string(),
  sessid: z.string(),
  conntime: Count,
  position: Count,
  /** Bytes so far, and a second. */
  down: Count,
  up: Count,
  downbps: Count,
  upbps: Count,
  pktcount: Count,
  pktlost: Count,
  pktretransmit: Count,
})
type Session = z.infer<typeof Session>

/** A table: the names of its columns, and its rows. */
const Reply = z.looseObject({
  clients: z.looseObject({ fields: z.array(z.string()), data: z.array(z.array(z.unknown())).nullable() }),
})

/** Samples by stream. */
export type Samples = Map<string, ClientSample[]>

/** Every session; `unavailable` when MistServer does not say. Deltas are to the sample of the same session in `before`. */
export async function readClients(api: MistApi, before: Samples | null): Promise<Samples> {
  const reply = await api.call({ clients: { time: SECONDS_AGO, fields: Object.keys(Session.shape) } })
  const sessions = await toSessions(reply)
  const known = new Map([...(before?.values() ?? [])].flat().map((sample) => [sample.session_id, sample]))
  const byStream = Map.groupBy(sessions, ({ stream }) => stream)
  return new Map(
    [...byStream].map(([stream, group]) => [
      stream,
      group.map((session) => toSample(session, known.get(session.sessid))),
    ]),
  )
}

async function toSessions(reply: unknown): Promise<Session[]> {
  const table = Reply.safeParse(reply)
  if (!table.success) throw nonsense(table.error)
  const { fields, data } = table.data.clients
  const sessions: Session[] = []
  for await (const slice of inSlices(data ?? [])) {
    const rows = slice.map((row) => Object.fromEntries(fields.map((field, i) => [field, row[i]])))
    const read = z.array(Session).safeParse(rows)
    if (!read.success) throw nonsense(read.error)
    sessions.push(...read.data)
  }
  return sessions
}

function nonsense(cause: Error): Fault {
  return new Fault('unavailable', 'mist_nonsense', 'MistServer shows no sessions.', { cause })
}

function toSample(session: Session, last: ClientSample | undefined): ClientSample {
  const { sessid, protocol, up, down } = session
  return {
    session_id: name(sessid),
    role: roleOf({ session_id: sessid, connector: protocol }),
    connector: name(protocol.replace(/^(INPUT|OUTPUT):/, '')),
    connected_seconds: session.conntime,
    position_seconds: session.position,
    egress_bytes: up,
    ingress_bytes: down,
    egress_bytes_delta: deltaOf(up, last?.egress_bytes),
    ingress_bytes_delta: deltaOf(down, last?.ingress_bytes),
    egress_bytes_per_second: session.upbps,
    ingress_bytes_per_second: session.downbps,
    packets_sent: session.pktcount,
    packets_lost: session.pktlost,
    packets_retransmitted: session.pktretransmit,
  }
}

/** A session that came back counts from zero again. */
function deltaOf(now: number, before: number | undefined): number | null {
  return before === undefined || now < before ? null : now - before
}

/** As many samples as one event takes. */
export function inEvents(samples: readonly ClientSample[]): ClientSample[][] {
  const events = Math.ceil(samples.length / CLIENT_SAMPLES_MAX)
  return Array.from({ length: events }, (_, i) => samples.slice(i * CLIENT_SAMPLES_MAX, (i + 1) * CLIENT_SAMPLES_MAX))
}
