import ipaddr from 'ipaddr.js'

/** Whether a text is an address, or a range such as `192.0.2.0/24`. */
export function isRange(text: string): boolean {
  return parseRange(text) !== undefined
}

/** Whether `address` lies in `range`: an address, or a range such as `192.0.2.0/24`. IPv4 in IPv6 is IPv4. */
export function isWithin(address: string, range: string): boolean {
  const bounds = parseRange(range)
  if (!bounds || !isAddress(address)) return false
  const inside = ipaddr.process(address)
  const [base, bits] = bounds
  return inside.kind() === base.kind() && inside.match(base, bits)
}

function parseRange(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | undefined {
  const [address = '', bits] = text.split('/', 2)
  if (!isAddress(address)) return undefined
  if (bits !== undefined) return ipaddr.isValidCIDR(text) ? ipaddr.parseCIDR(text) : undefined
  const single = ipaddr.process(address)
  return [single, single.kind() === 'ipv4' ? 32 : 128]
}

/** Without the short and hexadecimal forms that the library also reads. */
function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || (text.includes(':') && ipaddr.IPv6.isValid(text))
}
