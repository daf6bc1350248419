import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../../shared/clock.ts'
import type { Scope } from '../../../../shared/context.ts'
import { createIdentities, type Identities } from '../../../../shared/testing/identities.ts'
import { freePort } from '../../../../shared/testing/port.ts'
import { type Edge, startEdge } from '../edge.ts'
import { type CommodoreDoor, startCommodore } from './control-plane.ts'

/** Signalman in real workerd with the Commodore that it asks, for one test file. */
export interface Signalman extends AsyncDisposable {
  edge: Edge
  identities: Identities
  commodore: CommodoreDoor
  /** Ends and starts the Worker on the same data. */
  restart(): Promise<void>
  ticket(tenant_id: string, scopes?: readonly Scope[]): Promise<string>
}

export async function startSignalman({ entry }: { entry?: string } = {}): Promise<Signalman> {
  const identities = await createIdentities(systemClock)
  const commodore = await startCommodore(identities)
  const dataPath = await mkdtemp(join(tmpdir(), 'frameworks-signalman-'))
  const bindings = {
    COMMODORE_URL: commodore.url,
    QUARTERMASTER_URL: 'http://127.0.0.1:1',
    IDENTITY_KEY: JSON.stringify(identities.keyOf('signalman')),
    TRUSTED_PROXIES: 'cloudflare',
  }
  // The same after a restart, as clients come back to it.
  const port = await freePort()
  const start = () => startEdge({ worker: 'signalman', port, dataPath, bindings, ...(entry && { entry }) })
  const signalman: Signalman = {
    edge: await start(),
    identities,
    commodore,
    restart: async () => {
      await signalman.edge.stop()
      signalman.edge = await start()
    },
    ticket: (tenant_id, scopes = ['streams:read', 'analytics:read', 'infrastructure:read']) =>
      identities.ticket(tenant_id, scopes, 'signalman'),
    [Symbol.asyncDispose]: async () => {
      await signalman.edge.stop()
      await commodore.down()
      await rm(dataPath, { recursive: true, force: true })
    },
  }
  return signalman
}
