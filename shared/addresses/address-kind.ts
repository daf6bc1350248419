import ipaddr from 'ipaddr.js'

/** `public` can be reached over the internet; every other kind is ours, our host's, or nobody's. */
export type AddressKind =
  | 'public'
  | 'unspecified'
  | 'loopback'
  | 'private'
  | 'link_local'
  | 'carrier_grade_nat'
  | 'multicast'
  | 'reserved'

const kinds: Record<string, AddressKind> = {
  unspecified: 'unspecified',
  loopback: 'loopback',
  private: 'private',
  uniqueLocal: 'private',
  deprecatedSiteLocal: 'private',
  linkLocal: 'link_local',
  carrierGradeNat: 'carrier_grade_nat',
  multicast: 'multicast',
}

/** RFC 6052: the one prefix that every NAT64 knows; the last four bytes are the IPv4 address behind it. */
const NAT64 = ipaddr.parseCIDR('64:ff9b::/96')
/** RFC 4291 withdrew this form, which the library reads as the mapped address that it is not. */
const IPV4_COMPATIBLE = /^::(\d+\.){3}\d+$/
/** RFC 4291: the only part of IPv6 that is given out. What lies beyond it is in no list of special ranges. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3')

/**
 * What an IPv4 or IPv6 address, without brackets, is. An IPv4 address inside an IPv6 one (mapped, NAT64) is judged as
 * itself; other tunnels are reserved. Undefined when the text is no address in its usual form: `127.1` is none.
 */
export function classifyAddress(text: string): AddressKind | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ofIpv4(ipaddr.IPv4.parse(text))
  if (!text.includes(':') || !ipaddr.IPv6.isValid(text)) return undefined
  if (IPV4_COMPATIBLE.test(text)) return 'reserved'
  return ofIpv6(ipaddr.IPv6.parse(text))
}

/** Whether a text is an address that lies on the internet. */
export function isPublicAddress(text: string): boolean {
  return classifyAddress(text) === 'public'
}

function ofIpv4(address: ipaddr.IPv4): AddressKind {
  const range = address.range()
  return range === 'unicast' ? 'public' : (kinds[range] ?? 'reserved')
}

function ofIpv6(address: ipaddr.IPv6): AddressKind {
  if (address.isIPv4MappedAddress()) return ofIpv4(address.toIPv4Address())
  if (address.match(NAT64)) return ofIpv4(new ipaddr.IPv4(address.toByteArray().slice(-4)))
  const range = address.range()
  if (range !== 'unicast') return kinds[range] ?? 'reserved'
  return address.match(GLOBAL_UNICAST) ? 'public' : 'reserved'
}
