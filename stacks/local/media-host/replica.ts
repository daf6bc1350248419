import { endStatistics, goOnAir, openInput, openStream, type Reason, unload } from './broadcast.ts'
import { type Host, settle } from './host.ts'
import { stopStreaming } from './session.ts'

/** Before the URL of a load balancer in a stream's source. */
export const BALANCE = 'balance:'
/** How long the server waits for a load balancer. */
const BALANCER_TIMEOUT_MS = 5_000

/** Pulls a stream from the host that a load balancer names for it; whether there was one. */
export async function pullBalanced(host: Host, name: string, balancer: string): Promise<boolean> {
  const source = await askBalancer(balancer, name)
  if (source === undefined || !/^dtscs?:\/\//.test(source)) return false
  if (host.booting.has(name) || host.streams.get(name)?.online) return true
  host.booting.add(name)
  try {
    const [pid, buffer_pid] = [host.nextPid(), host.nextPid()]
    const ready = await host.fire('STREAM_READY', { stream: name, pid: buffer_pid, lines: [name, 'Buffer'] })
    if (!ready.allowed) return false
    startReplica(host, new URL(source).hostname, { name, pid, buffer_pid })
    return true
  } finally {
    host.booting.delete(name)
  }
}

/** In the server's own words: the query is the name alone, whatever the URL had, with every special sign in lower-case hex. */
async function askBalancer(balancer: string, name: string): Promise<string | undefined> {
  const [url = ''] = balancer.split('?')
  const encoded = encodeURIComponent(name).replace(/%[0-9A-F]{2}/g, (sign) => sign.toLowerCase())
  try {
    const signal = AbortSignal.timeout(BALANCER_TIMEOUT_MS)
    const response = await fetch(`${url}?source=${encoded}`, { signal })
    return response.ok ? await response.text() : undefined
  } catch {
    return undefined
  }
}

function startReplica(host: Host, from: string, boot: { name: string; pid: number; buffer_pid: number }): void {
  const stream = openStream(host, boot, true)
  const session = openInput(host, { protocol: 'dtsc', connector: 'DTSC', host: from }, boot)
  const { promise: hungUp, resolve: end } = Promise.withResolvers<Reason>()
  session.stop = () => end({ code: 'CLEAN_SIGNAL', text: 'signal Terminated (15)' })
  host.flows.run('replica', async () => {
    await goOnAir(host, stream, hungUp)
    await Promise.race([hungUp, host.timeline.stopped])
    stopStreaming(session, host.timeline.now())
    session.connections = 0
    settle(host, session)
    await unload(host, stream)
    await endStatistics(host, stream)
  })
}
