import { type AddressKind, classifyAddress } from './address-kind.ts'

/** What a URL's host is: an address of some kind, a name to be looked up, one that only we or our hosts know, or no host. */
export type HostKind = AddressKind | 'name' | 'internal_name' | 'invalid'

/** Special-use names (RFC 6761, 6762, 8375, 9476, ICANN's `.internal`) and what clouds and home routers answer to. */
const INTERNAL_SUFFIXES = [
  'alt',
  'arpa',
  'corp',
  'home',
  'internal',
  'intranet',
  'invalid',
  'lan',
  'local',
  'localdomain',
  'localhost',
  'onion',
  'private',
  'test',
]
const NAME_LENGTH_MAX = 253
const NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * What the host of a URL is, brackets and all, as a client would read it: `0x7f.1`, `2130706433` and full-width digits
 * are the address that they stand for. A `name` is safe only once the addresses it leads to are `public` too.
 */
export function classifyHost(host: string): HostKind {
  const canonical = canonicalise(host)
  if (canonical === undefined) return 'invalid'
  const address = canonical.startsWith('[') ? canonical.slice(1, -1) : canonical
  const kind = classifyAddress(address)
  if (kind) return kind
  const name = canonical.replace(/\.$/, '')
  if (!name.includes('.')) return 'internal_name'
  if (name.length > NAME_LENGTH_MAX || !NAME.test(name)) return 'invalid'
  return INTERNAL_SUFFIXES.includes(name.slice(name.lastIndexOf('.') + 1)) ? 'internal_name' : 'name'
}

/** Whether a tenant may make us or a media host connect to `host`, as far as its text tells. */
export function mayBeReached(host: string): boolean {
  return ['public', 'name'].includes(classifyHost(host))
}

/** The URL parser reads every odd form of an address as clients do, but only for schemes like http. */
function canonicalise(host: string): string | undefined {
  if (host === '' || /[\s/\\?#@]/.test(host)) return undefined
  // A colon outside brackets would begin a port.
  if (!/^\[[^\]]*\]$/.test(host) && host.includes(':')) return undefined
  const url = `http://${host}/`
  return URL.canParse(url) ? new URL(url).hostname : undefined
}
