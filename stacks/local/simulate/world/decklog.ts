import { toConnectError } from '../../../../functions/decklog/events/connect-error.ts'
import { Gate } from '../../../../functions/decklog/events/gate.ts'
import { Marks } from '../../../../functions/decklog/events/marks.ts'
import type { Verdict } from '../../../../functions/decklog/events/publish.ts'
import { publish } from '../../../../functions/decklog/events/publish.ts'
import { createOwners } from '../../../../functions/decklog/owners/owners.ts'
import type { Actor } from '../../../../shared/context.ts'
import { toFault } from '../../../../shared/fault.ts'
import type { EventLog } from '../../../../shared/kafka/event-log.ts'
import { createLog } from '../../../../shared/log.ts'
import type { Network } from '../kernel/network.ts'
import type { Process } from '../kernel/process.ts'

export interface DecklogService {
  /** Events as JSON texts; rejects with a `ConnectError`, as the door does. */
  publish(
    actor: Actor,
    texts: readonly string[],
  ): Promise<({ event_id: string; accepted: true } | Extract<Verdict, { accepted: false }>)[]>
}

/** Decklog behind its doors, in a simulated process. */
export function startDecklog(process: Process, network: Network, events: EventLog): void {
  const { clock } = process.machine
  const log = createLog('decklog')
  const client = (service: string) => ({ service, baseUrl: new URL('http://control-plane') })
  const deps = {
    events,
    owners: createOwners({ commodore: client('commodore'), quartermaster: client('quartermaster'), clock }),
    gate: new Gate(),
    marks: new Marks(),
    count: () => undefined,
  }
  const service: DecklogService = {
    publish: async (actor, texts) => {
      const batch = texts.map((text) => {
        const event_id: string = JSON.parse(text).event_id
        return { event_id, bytes: Buffer.byteLength(text), read: () => JSON.parse(text) }
      })
      try {
        return await publish({ ...deps, actor, now: clock, log, request_id: '' }, batch)
      } catch (error) {
        throw toConnectError(toFault(error))
      }
    },
  }
  network.serve('decklog', process, service)
}
