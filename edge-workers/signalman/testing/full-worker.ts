import { Hub as Real, VISIBLE_HEADER } from '../hub/hub.ts'
import worker from '../worker.ts'

const now_ms = Date.now
let behind_ms = 0
Date.now = () => now_ms() - behind_ms

/** A tenant's hub, which a test can fill without a network between. */
export class Hub extends Real {
  readonly #crowd: (WebSocket | null)[] = []

  /** Opens so many connections; how many were let in. */
  fill(count: number): number {
    for (let i = 0; i < count; i++) {
      const headers = { upgrade: 'websocket', [VISIBLE_HEADER]: '[]' }
      const { status, webSocket } = super.fetch(new Request('https://hub.internal/', { headers }))
      if (status === 101) this.#crowd.push(webSocket)
    }
    return this.#crowd.length
  }
}

interface Bindings extends Record<string, unknown> {
  HUBS: DurableObjectNamespace<Hub>
}

/** Signalman, with `/testing/behind/{ms}`, which sets its clock back, and `/testing/fill/{tenant}/{count}` besides. */
export default {
  fetch: async (request, bindings, context) => {
    const [, testing, what, ...given] = new URL(request.url).pathname.split('/')
    if (testing !== 'testing') return worker.fetch(request, bindings, context)
    if (what === 'behind') {
      behind_ms = Number(given[0])
      return new Response(null)
    }
    const [tenant_id = '', count] = given
    const stub = bindings.HUBS.get(bindings.HUBS.idFromName(tenant_id))
    return Response.json(await stub.fill(Number(count)))
  },
} satisfies ExportedHandler<Bindings>
