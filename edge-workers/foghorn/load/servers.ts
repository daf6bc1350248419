import { Fault } from '../../../shared/fault.ts'
import type { HostOverview } from '../cluster/cluster-state.ts'
import type { Ctx } from '../deps.ts'
import { hostsOf, readable, writable } from './clusters.ts'
import { type Monitoring, monitoringOf, stateOf } from './host-state.ts'
import type { LoadQuery } from './query.ts'
import { record } from './record.ts'

/** Each host with its state. */
export async function listServers(ctx: Ctx, query: LoadQuery): Promise<Record<string, Monitoring>> {
  const hosts = named(await hostsOf(ctx, query))
  return Object.fromEntries(hosts.map(([name, host]) => [name, monitoringOf(host)]))
}

/** Keeps a host out of balancing: MistUtilLoad would stop to poll it. */
export async function deleteServer(ctx: Ctx, query: LoadQuery): Promise<Monitoring> {
  await hold(ctx, query, { host: query.delserver ?? '', on: true })
  return 'Offline'
}

/** Takes a host back; one that never joined cannot be added from outside. */
export async function addServer(ctx: Ctx, query: LoadQuery): Promise<Record<string, string>> {
  const host = query.addserver ?? ''
  await hold(ctx, query, { host, on: false })
  return { [host]: 'Starting monitoring' }
}

/** The state of one host, or of all by name. */
export async function hostStates(ctx: Ctx, query: LoadQuery): Promise<object | string> {
  const clusters = await readable(ctx, query)
  const found = await Promise.all(
    clusters.map(async (clusterId) => {
      const { hosts, weights } = await ctx.clusters.overview(clusterId)
      return hosts.map((host) => ({ ...host, weights: weights ?? ctx.weights }))
    }),
  )
  const states = named(found.flat()).map(([name, host]) => {
    const monitoring = monitoringOf(host)
    return { name, host, state: monitoring === 'Monitored (online)' ? stateOf(host, host.weights) : monitoring }
  })
  const { host: asked } = query
  if (asked === undefined) return Object.fromEntries(states.map(({ name, state }) => [name, state]))
  const one = states.find(({ host }) => isNamed(host, hostNameOf(asked)))
  if (one === undefined) throw unknownHost()
  return one.state
}

async function hold(ctx: Ctx, query: LoadQuery, { host, on }: { host: string; on: boolean }): Promise<void> {
  const clusters = await writable(ctx, query)
  const name = hostNameOf(host)
  const found = await Promise.all(
    clusters.map(async (clusterId) => {
      const { hosts } = await ctx.clusters.overview(clusterId)
      return hosts.flatMap((one) => (isNamed(one, name) ? [{ clusterId, node_id: one.node_id }] : []))
    }),
  )
  const called = found.flat()
  if (called.length === 0) throw unknownHost()
  for (const { clusterId, node_id } of called) {
    await record(ctx, { action: on ? 'node.held_out' : 'node.taken_back', object_id: node_id })
    await ctx.clusters.hold(clusterId, node_id, on)
  }
}

function isNamed({ node_id, heartbeat }: HostOverview, name: string): boolean {
  return node_id === name || heartbeat.host === name
}

/** By address, or by id where several hosts have one address, of which MistUtilLoad shows only the last. */
function named<T extends HostOverview>(hosts: readonly T[]): [string, T][] {
  const times = Map.groupBy(hosts, ({ heartbeat }) => heartbeat.host)
  return hosts.map((host) => {
    const { host: address } = host.heartbeat
    return [times.get(address)?.length === 1 ? address : host.node_id, host]
  })
}

/** MistUtilLoad's users write where to poll a host, `http://edge1.example:4242`; here its name is enough. */
function hostNameOf(text: string): string {
  return /^(?:https?:\/\/)?(\[[^\]]*\]|[^:/]+)/.exec(text)?.[1] ?? text
}

function unknownHost(): Fault {
  return new Fault(
    'not_found',
    'host_unknown',
    'No host of yours is called so. Hosts are not polled: one joins by an enrolment token (POST /enrolment-tokens) and speaks for itself.',
  )
}
