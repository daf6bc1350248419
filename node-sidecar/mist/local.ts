import type { Context, MiddlewareHandler } from 'hono'
import { Fault } from '../../shared/fault.ts'

/** The address that a request came from; undefined when it cannot be known. */
export type PeerOf = (c: Context) => string | undefined

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/
/** A proxy on this machine, or a page in a browser on it, would otherwise let anybody in. */
const FORWARDED = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'origin']

/** Throws 403 unless a request is from this machine: `peer` is the address at the other end, if that is known. */
export function checkLocal(peer: string | undefined, header: (name: string) => string | undefined): void {
  const direct = FORWARDED.every((name) => header(name) === undefined)
  if (peer !== undefined && LOOPBACK.test(peer) && direct) return
  throw new Fault('forbidden', 'not_local', 'This is for this machine only.')
}

/** Lets only this machine in; 403 for others. */
export function requireLocal(peerOf: PeerOf): MiddlewareHandler {
  return async (c, next) => {
    checkLocal(peerOf(c), (name) => c.req.header(name))
    await next()
  }
}
