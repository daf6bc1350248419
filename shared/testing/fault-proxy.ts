import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What goes wrong between two ends of a TCP connection. */
export const networkFaults = ['latency', 'reset', 'half-open', 'slow-close', 'bandwidth'] as const
export type NetworkFault = (typeof networkFaults)[number]

export const LATENCY_MS = 250
export const SLOW_CLOSE_MS = 1_000
export const BANDWIDTH_BYTES_PER_SECOND = 20_000
/** Bytes that pass at once while the bandwidth is low. */
const SLICE_BYTES = 1_000

export interface FaultProxy extends AsyncDisposable {
  port: number
  /**
   * Breaks all connections that there are and those that come, until `mend`: `latency` delays each chunk, `reset` ends a
   * connection with RST once it is answered, `half-open` accepts and passes nothing on, `slow-close` passes an end on late.
   */
  spoil(fault: NetworkFault): void
  /** New connections are well again. Those that were half open stay so, as no packet will tell that they are dead. */
  mend(): void
}

interface Pair {
  near: Socket
  far: Socket
  frozen: boolean
}

/** Stands before a port of this machine and breaks the connections to it. */
export async function startFaultProxy(target: number): Promise<FaultProxy> {
  const pairs = new Set<Pair>()
  let fault: NetworkFault | undefined
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    const pair = { near, far, frozen: fault === 'half-open' }
    pairs.add(pair)
    const drop = () => {
      pairs.delete(pair)
      near.destroy()
      far.destroy()
    }
    near.once('error', drop).once('close', drop)
    far.once('error', () => near.resetAndDestroy()).once('close', drop)
    void pump(pair, near, far).catch(drop)
    void pump(pair, far, near).catch(drop)
  })
  await new Promise<void>((resolve, reject) => server.listen(0, '127.0.0.1', resolve).once('error', reject))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')

  async function pump(pair: Pair, from: Socket, to: Socket): Promise<void> {
    for await (const chunk of from) await pass(pair, to, chunk)
    if (fault === 'slow-close') await sleep(SLOW_CLOSE_MS)
    if (!pair.frozen) to.end()
  }

  async function pass(pair: Pair, to: Socket, chunk: Buffer): Promise<void> {
    if (pair.frozen) return
    if (fault === 'latency') await sleep(LATENCY_MS)
    if (fault === 'reset' && to === pair.near) {
      pair.near.resetAndDestroy()
      return
    }
    if (fault !== 'bandwidth') return write(to, chunk)
    for (let at = 0; at < chunk.byteLength; at += SLICE_BYTES) {
      await sleep((SLICE_BYTES / BANDWIDTH_BYTES_PER_SECOND) * 1000)
      await write(to, chunk.subarray(at, at + SLICE_BYTES))
    }
  }

  return {
    port: address.port,
    spoil: (next) => {
      fault = next
      for (const pair of pairs) if (next === 'half-open') pair.frozen = true
    },
    mend: () => {
      fault = undefined
    },
    [Symbol.asyncDispose]: () => {
      for (const { near, far } of pairs) {
        near.destroy()
        far.destroy()
      }
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** Waits while the other end does not read. */
function write(to: Socket, chunk: Buffer): Promise<void> {
  if (to.destroyed) return Promise.resolve()
  return new Promise((resolve) => to.write(chunk, () => resolve()))
}
