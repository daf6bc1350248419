import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Code, ConnectError, type ConnectRouter } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { onTestFinished } from 'vitest'
import { BATCH_BYTES_MAX } from '../../shared/events/limits.ts'
import { DecklogService, type Event, Status } from '../../shared/proto/decklog_pb.ts'

/** What Decklog answers to media hosts, on a real port; how it answers is in the test's hands. */
export interface Decklog {
  url: URL
  /** Every batch that came, by event id. */
  batches: string[][]
  /** Events that it has answered for, in order. */
  taken: Event[]
  authorizations: Set<string>
  /** Throws to refuse a batch as a whole. */
  judge: (events: readonly Event[]) => void
  /** Why it rejects an event; undefined to take it. */
  reject: (event: Event) => string | undefined
  /** Leaves out the last verdict of each answer, while it is set. */
  forgetful: boolean
}

export async function startDecklog(): Promise<Decklog> {
  const decklog: Decklog = {
    url: new URL('http://127.0.0.1'),
    batches: [],
    taken: [],
    authorizations: new Set(),
    judge: () => undefined,
    reject: () => undefined,
    forgetful: false,
  }
  const routes = (router: ConnectRouter) =>
    router.service(DecklogService, {
      publishEvents: ({ events }, { requestHeader }) => {
        decklog.authorizations.add(requestHeader.get('authorization') ?? '')
        decklog.batches.push(events.map(({ eventId }) => eventId))
        decklog.judge(events)
        const verdicts = events.map((event) => {
          const reason = decklog.reject(event)
          if (reason === undefined) decklog.taken.push(event)
          const status = reason === undefined ? Status.ACCEPTED : Status.REJECTED
          return { eventId: event.eventId, status, reason: reason ?? '' }
        })
        return { verdicts: decklog.forgetful ? verdicts.slice(0, -1) : verdicts }
      },
    })
  const server = createServer(connectNodeAdapter({ routes, readMaxBytes: BATCH_BYTES_MAX }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  decklog.url.port = String((server.address() as AddressInfo).port)
  onTestFinished(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  return decklog
}

export function refuseWith(code: Code): () => never {
  return () => {
    throw new ConnectError('refused by the test', code)
  }
}
