const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/
const MAPPED_PREFIX = /^::ffff:(?=\d+\.)/i
const IPV6_GROUPS = 8
const IPV6_GROUPS_KEPT = 3

/**
 * The network of an address: IPv4 /24, IPv6 /48, in its shortest form. Empty for anything else, because a host name
 * may tell more than an address. Shortening twice changes nothing.
 */
export function shortenAddress(address: string): string {
  const v4 = IPV4.exec(address.replace(MAPPED_PREFIX, ''))
  if (v4) return v4.slice(1).every((part) => Number(part) <= 255) ? `${v4[1]}.${v4[2]}.${v4[3]}.0` : ''
  const text = normalise(address)
  if (text === undefined) return ''
  return normalise(`${expand(text).slice(0, IPV6_GROUPS_KEPT).join(':')}::`) ?? ''
}

/** The URL parser is the one IPv6 parser that every runtime has. */
function normalise(address: string): string | undefined {
  const url = `http://[${address}]`
  return /^[0-9a-f:.]+$/i.test(address) && URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : undefined
}

function expand(address: string): string[] {
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = Array.from({ length: IPV6_GROUPS - head.length - tail.length }, () => '0')
  return [...head, ...zeros, ...tail]
}
