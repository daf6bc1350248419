import { isPublicAddress } from '../../shared/addresses/address-kind.ts'
import { classifyHost } from '../../shared/addresses/host.ts'
import type { Resolve } from '../../shared/addresses/look-up.ts'
import { Fault, toFault } from '../../shared/fault.ts'

/** DNS that says nothing for longer says nothing. */
export const RESOLVE_TIMEOUT_MS = 2_000

const HOST = /^(?:rtmps?|srt):\/\/(\[[^\]]*\]|[^/?#:@]+)(?=(?::\d+)?(?:[/?#]|$))/i
/** MistServer takes what follows `#` for options, some of which write files, and fills in its operator's variables after `$`. */
const MEANT_FOR_MIST = /[#$]/

/**
 * Throws a `Fault` unless a push target leads to the public internet and to nothing else: by its text, and by every
 * address that its name has now.
 */
export async function requirePublicTarget(url: string, resolve: Resolve): Promise<void> {
  const host = HOST.exec(url)?.[1]
  if (host === undefined || MEANT_FOR_MIST.test(url)) throw refused('push_target_unsafe')
  const kind = classifyHost(host)
  if (kind === 'public') return
  if (kind !== 'name') throw refused('push_address_not_public')
  const addresses = await lookUp(host, resolve)
  // One bad address among good ones is how a name is made to lead inside at the second look.
  if (addresses.length === 0 || !addresses.every(isPublicAddress)) throw refused('push_address_not_public')
}

async function lookUp(host: string, resolve: Resolve): Promise<string[]> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error('late')), RESOLVE_TIMEOUT_MS)
  try {
    return await Promise.race([resolve(host), late.promise])
  } catch (error) {
    throw new Fault('unavailable', 'push_name_unknown', 'The name of the push target leads nowhere.', {
      cause: toFault(error),
    })
  } finally {
    clearTimeout(timer)
  }
}

function refused(reason: string): Fault {
  return new Fault('unprocessable', reason, 'The push target does not lead to the public internet alone.')
}
