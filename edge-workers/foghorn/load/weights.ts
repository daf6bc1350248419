import { z } from 'zod'
import { Weights } from '../../../shared/contract/foghorn.ts'
import { Fault } from '../../../shared/fault.ts'
import { parse } from '../../../shared/parse.ts'
import type { Ctx } from '../deps.ts'
import { readable, writable } from './clusters.ts'
import { type LoadQuery, toJson } from './query.ts'

const { shape } = Weights
/** The weights under MistUtilLoad's names, and `cluster`, of which it knows nothing. */
const Named = z.strictObject({
  bonus: shape.stream,
  bw: shape.bandwidth,
  cluster: shape.cluster,
  cpu: shape.cpu,
  geo: shape.distance,
  ram: shape.memory,
})
type Named = z.infer<typeof Named>

/** What counts how much in the caller's clusters, after the changes that `weights=` asks for. */
export async function weights(ctx: Ctx, query: LoadQuery): Promise<Named> {
  const changes = readChanges(query.weights ?? '')
  const clusters = changes === null ? await readable(ctx, query) : await writable(ctx, query)
  const all = await Promise.all(clusters.map((clusterId) => change(ctx, clusterId, changes)))
  const [first] = all
  if (first === undefined) throw new Fault('not_found', 'cluster_not_found', 'You run no cluster.')
  if (new Set(all.map((each) => JSON.stringify(each))).size === 1) return first
  throw new Fault('conflict', 'clusters_differ', 'Your clusters have different weights; name one by cluster=.')
}

async function change(ctx: Ctx, clusterId: string, changes: Partial<Named> | null): Promise<Named> {
  const { weights: kept } = await ctx.clusters.overview(clusterId)
  const named = toNamed(kept ?? ctx.weights)
  if (changes === null) return named
  const changed = { ...named, ...changes }
  await ctx.clusters.setWeights(clusterId, fromNamed(changed))
  return changed
}

function toNamed({ stream, bandwidth, cluster, cpu, distance, memory }: Weights): Named {
  return { bonus: stream, bw: bandwidth, cluster, cpu, geo: distance, ram: memory }
}

function fromNamed({ bonus, bw, cluster, cpu, geo, ram }: Named): Weights {
  return { stream: bonus, bandwidth: bw, cluster, cpu, distance: geo, memory: ram }
}

/** Null when `weights=` only asks, as by `weights=1`. */
function readChanges(text: string): Partial<Named> | null {
  const asked = toJson(text)
  if (typeof asked !== 'object' || asked === null) return null
  const changes = parse(Named.partial(), asked)
  return Object.keys(changes).length === 0 ? null : changes
}
