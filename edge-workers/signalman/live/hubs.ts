import type { z } from 'zod'
import type { FedEvent, LiveEventType } from '../../../shared/contract/signalman.ts'
import { Fault } from '../../../shared/fault.ts'
import { type Hub, VISIBLE_HEADER, WANTED_HEADER, type Wanted } from '../hub/hub.ts'

/** The tenants' hubs. */
export interface Hubs {
  feed(tenant_id: string, events: readonly FedEvent[]): Promise<number>
  redeem(tenant_id: string, ticket_id: string, until_ms: number): Promise<boolean>
  /** Opens a connection; the answer has the socket, or a status of 429. */
  connect(tenant_id: string, visible: readonly LiveEventType[]): Promise<Response>
  /** The same for a reader of a stream of events. */
  stream(tenant_id: string, visible: readonly LiveEventType[], wanted: z.input<typeof Wanted>): Promise<Response>
}

export function createHubs(namespace: DurableObjectNamespace<Hub>): Hubs {
  const stub = (tenant_id: string) => namespace.get(namespace.idFromName(tenant_id))
  return {
    feed: (tenant_id, events) => reached(stub(tenant_id).feed(events)),
    redeem: (tenant_id, ticket_id, until_ms) => reached(stub(tenant_id).redeem(ticket_id, until_ms)),
    connect: (tenant_id, visible) => {
      const headers = { upgrade: 'websocket', [VISIBLE_HEADER]: JSON.stringify(visible) }
      return reached(stub(tenant_id).fetch('https://hub.internal/', { headers }))
    },
    stream: (tenant_id, visible, wanted) => {
      const headers = { [VISIBLE_HEADER]: JSON.stringify(visible), [WANTED_HEADER]: JSON.stringify(wanted) }
      return reached(stub(tenant_id).fetch('https://hub.internal/', { headers }))
    },
  }
}

/** Its overload, restart or loss is nobody's mistake: what it was asked may be asked again. */
async function reached<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw new Fault('unavailable', 'hub_unavailable', 'The tenant’s hub cannot be asked now.', { cause: error })
  }
}
