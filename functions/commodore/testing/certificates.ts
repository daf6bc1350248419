import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { isIP } from 'node:net'

/** A certificate and its private key, as PEM. */
export interface Certificate {
  cert: string
  key: string
}

/** A certificate authority of the test's own. */
export interface Authority {
  cert: string
  /** A certificate for a name or an IPv4 address, good from an hour ago, for `days`: negative ones ended before they began. */
  issue(host: string, days?: number): Certificate
}

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

// DER, as far as a certificate with a P-256 key needs it (RFC 5280).
const der = (tag: number, ...parts: Uint8Array[]) => {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}
const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts)
const octets = (content: Uint8Array) => der(0x04, content)
const bits = (content: Uint8Array) => der(0x03, Buffer.from([0]), content)
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const TRUE = der(0x01, Buffer.from([0xff]))
const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'))
const VERSION_3 = der(0xa0, der(0x02, Buffer.from([2])))

const nameOf = (text: string) => sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(text)))))
const time = (at: number) => der(0x18, Buffer.from(`${new Date(at).toISOString().replaceAll(/[-:T]|\..*/g, '')}Z`))
const isAuthority = sequence(oid('551d13'), TRUE, octets(sequence(TRUE)))
const goodFor = (host: string) => {
  const name = isIP(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host))
  return sequence(oid('551d11'), octets(sequence(name)))
}

interface Wanted {
  subject: string
  issuer: string
  publicKey: KeyObject
  by: KeyObject
  ends: number
  extension: Uint8Array
}

function certify({ subject, issuer, publicKey, by, ends, extension }: Wanted): string {
  const serial = der(0x02, Buffer.from([1, ...crypto.getRandomValues(new Uint8Array(8))]))
  const validity = sequence(time(Math.min(Date.now(), ends) - HOUR_MS), time(ends))
  const key = publicKey.export({ type: 'spki', format: 'der' })
  const extensions = der(0xa3, sequence(extension))
  const body = sequence(
    ...[VERSION_3, serial, ECDSA_WITH_SHA256, nameOf(issuer), validity, nameOf(subject), key, extensions],
  )
  const signed = sequence(body, ECDSA_WITH_SHA256, bits(sign('sha256', body, by)))
  return `-----BEGIN CERTIFICATE-----\n${signed.toString('base64')}\n-----END CERTIFICATE-----\n`
}

export function createAuthority(): Authority {
  const issuer = `Test authority ${crypto.randomUUID()}`
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const sealed = { issuer, by: own.privateKey }
  const ends = Date.now() + DAY_MS
  return {
    cert: certify({ ...sealed, subject: issuer, publicKey: own.publicKey, ends, extension: isAuthority }),
    issue: (host, days = 1) => {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const lasts = { ends: Date.now() + days * DAY_MS, extension: goodFor(host) }
      return {
        cert: certify({ ...sealed, subject: host, publicKey, ...lasts }),
        key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      }
    },
  }
}
