import { z } from 'zod'
import type { Client } from '../../../shared/client/client.ts'
import { readState } from '../state.ts'

const Services = z.object({ helmsman: z.url(), commodore: z.url(), periscope_query: z.url() })

/** What a replay talks to: each with the token that it needs there. */
export interface System {
  helmsman: URL
  /** As the demo tenant. */
  commodore: Client
  periscope: Client
  /** As an operator of the platform. */
  operator: Client
}

/** Answers may wait for the engine behind them, which is busy while a replay runs. */
const CALL_TIMEOUT_MS = 15_000

/** Reads what `npm start` wrote about the system that it runs. */
export async function readSystem(statePath: string): Promise<System> {
  const state = await readState(statePath)
  if (state === undefined) throw new Error(`No system runs from ${statePath}: begin with \`npm start\`.`)
  const services = Services.parse(state.services)
  const client = (service: 'commodore' | 'periscope_query', account: { api_token: string }): Client => ({
    service,
    baseUrl: new URL(services[service]),
    token: async () => account.api_token,
    timeoutMs: CALL_TIMEOUT_MS,
  })
  return {
    helmsman: new URL(services.helmsman),
    commodore: client('commodore', state.demo),
    periscope: client('periscope_query', state.demo),
    operator: client('periscope_query', state.operator),
  }
}
