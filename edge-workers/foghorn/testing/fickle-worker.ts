import { Cluster as Real } from '../cluster/cluster.ts'
import type { Overview } from '../cluster/cluster-state.ts'
import { DEFAULT_WEIGHTS } from '../decision/weights.ts'
import type { Refresh, Snapshot } from '../pictures/snapshot.ts'
import worker from '../worker.ts'

/** The cluster's object, which a test can take away and end as the platform does. */
export class Cluster extends Real {
  #away = false

  override refresh(refresh: Refresh): Snapshot {
    if (this.#away) throw new Error('The object is out of reach.')
    return super.refresh(refresh)
  }

  override overview(): Overview {
    if (this.#away) throw new Error('The object is out of reach.')
    return super.overview()
  }

  be(state: string): void {
    if (state === 'evicted') this.ctx.abort('evicted')
    this.#away = state === 'away'
  }
}

interface Bindings extends Record<string, unknown> {
  CLUSTERS: DurableObjectNamespace<Cluster>
}

/** Foghorn, with `/testing/{cluster}/{what}[/{host}]` besides. */
export default {
  fetch: async (request, bindings, context) => {
    const [, testing, clusterId = '', what = '', host = ''] = new URL(request.url).pathname.split('/')
    if (testing !== 'testing') return worker.fetch(request, bindings, context)
    const stub = bindings.CLUSTERS.get(bindings.CLUSTERS.idFromName(clusterId))
    if (what === 'overview') return Response.json(await stub.overview())
    if (what === 'hold') return Response.json(await stub.hold(host, true))
    if (what === 'release') return Response.json(await stub.hold(host, false))
    if (what === 'near') await stub.setWeights({ ...DEFAULT_WEIGHTS, distance: 5_000 })
    // An object that ends answers nobody.
    else await stub.be(what).catch(() => undefined)
    return new Response(null)
  },
} satisfies ExportedHandler<Bindings>
