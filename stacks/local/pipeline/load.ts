import { setTimeout as sleep } from 'node:timers/promises'
import type { ClickHouse } from '../../../shared/clickhouse/client.ts'

/** Ends of sessions that are fired at Helmsman one after the other, as MistServer does: each once. */
export interface Load {
  /** Bytes of every session that was fired, by its id. */
  fired: Map<string, number>
  /** Those that Helmsman answered with 200. */
  taken: Set<string>
  /** Resolves once so many more have been fired. */
  more(sessions: number): Promise<void>
  stop(): Promise<void>
}

const LANES = 4
/** Enough for each lane to have tried once more. */
export const SESSIONS_FEW = LANES + 1
const PAUSE_MS = 15
const ANSWER_MS_MAX = 5_000
/** Sessions of one stream: then comes a new one, whose owner nobody has asked for yet. */
const STREAM_SESSIONS = 50

export function startLoad(door: string): Load {
  const stopping = new AbortController()
  const fired = new Map<string, number>()
  const taken = new Set<string>()
  let progress = Promise.withResolvers<void>()
  const lanes = Array.from({ length: LANES }, async () => {
    while (!stopping.signal.aborted) {
      const number = fired.size + 1
      const session = number.toString(16).padStart(64, '0')
      fired.set(session, number)
      progress.resolve()
      if (await fire(door, session, number)) taken.add(session)
      await sleep(PAUSE_MS)
    }
  })
  return {
    fired,
    taken,
    more: async (sessions) => {
      for (const enough = fired.size + sessions; fired.size < enough; ) {
        progress = Promise.withResolvers<void>()
        await progress.promise
      }
    },
    stop: async () => {
      stopping.abort()
      await Promise.all(lanes)
    },
  }
}

async function fire(door: string, session: string, bytes: number): Promise<boolean> {
  const headers = {
    'x-trigger': 'USER_END',
    'x-trigger-uuid': crypto.randomUUID(),
    'x-trigger-unixmillis': String(Date.now()),
    'content-type': 'text/plain',
  }
  const body = `tok\nlive+s${Math.floor(bytes / STREAM_SESSIONS)}\nHLS\n192.0.2.7\n9\n${bytes}\n7\n\n9\n9\n9\n${session}`
  const signal = AbortSignal.timeout(ANSWER_MS_MAX)
  return fetch(`${door}/triggers/USER_END`, { method: 'POST', headers, body, signal }).then(
    ({ ok }) => ok,
    () => false,
  )
}

/** How what is stored differs from what was fired: how many of `due` are missing, and what is doubled or wrong. */
export async function differences({ fired, taken }: Load, clickhouse: ClickHouse, due: Iterable<string> = taken) {
  const rows = await clickhouse.query<{ session_id: string; bytes: string; times: string }>(
    'SELECT session_id, sum(egress_bytes) AS bytes, count() AS times FROM viewer_sessions FINAL GROUP BY session_id',
  )
  const stored = new Map(rows.map((row) => [row.session_id, row]))
  const wrong = rows.filter(({ session_id, bytes, times }) => times !== '1' || Number(bytes) !== fired.get(session_id))
  return { lost: [...due].filter((session) => !stored.has(session)).length, wrong }
}
