import { afterAll, beforeAll } from 'vitest'
import type { z } from 'zod'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { receive, send } from '../../../shared/testing/api.ts'
import { openTestPeriscopeQuery, type TestPeriscopeQuery } from './periscope-query.ts'
import { type RecordedSession, recordedSession } from './session.ts'

/** Periscope Query with one recorded session in it, and what else the test stores, some of it twice. */
export interface Recorded {
  session: RecordedSession
  periscope: TestPeriscopeQuery
  get(path: string): Promise<Response>
  ask<S extends z.ZodType>(schema: S, path: string): Promise<z.output<S>>
  /** Every row of a list, page by page. */
  all<R>(page: z.ZodType<{ data: R[]; next_cursor: string | null }>, path: string, limit?: number): Promise<R[]>
}

/** Opens it before the tests of a file and closes it after them; `more` are the events beside the recorded ones. */
export function useRecorded(more: (session: RecordedSession) => readonly StoredEvent[] = () => []): Recorded {
  const session = recordedSession()
  const opened = { session } as Recorded
  beforeAll(async () => {
    const periscope = await openTestPeriscopeQuery()
    opened.periscope = periscope
    for (const id of session.streams.values()) periscope.streams.set(id, session.tenant_id)
    const events = [...session.events, ...more(session)]
    await periscope.store(events)
    await periscope.store(events.filter((_, index) => index % 3 === 0))
  })
  afterAll(() => opened.periscope[Symbol.asyncDispose]())
  opened.get = async (path) => {
    // As of the time that the test says it is.
    const token = await opened.periscope.identities.user(session.tenant_id)
    return send(opened.periscope, `GET ${path}`, { token })
  }
  opened.ask = (schema, path) => receive(schema, opened.get(path))
  opened.all = async (page, path, limit = 3) => {
    const { data, next_cursor } = await opened.ask(page, `${path}limit=${limit}`)
    const rows = [...data]
    for (let cursor = next_cursor; cursor !== null; ) {
      const next = await opened.ask(page, `${path}limit=${limit}&cursor=${encodeURIComponent(cursor)}`)
      rows.push(...next.data)
      cursor = next.next_cursor
    }
    return rows
  }
  return opened
}
