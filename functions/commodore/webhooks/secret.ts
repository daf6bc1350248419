import { Buffer } from 'node:buffer'
import { createHmac, randomBytes } from 'node:crypto'

import type { Binding } from '../../../shared/encryption/encryption.ts'

const PREFIX = 'whsec_'
const SECRET_BYTES = 32

export function newSecret(): string {
  return `${PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`
}

interface Message {
  id: string
  /** Seconds since 1970. */
  timestamp: number
  body: string
}

/** The headers of Standard Webhooks: one signature for each secret, so that a receiver may know either. */
export function sign({ id, timestamp, body }: Message, secrets: readonly string[]): Record<string, string> {
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
  })
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') }
}

/** Under which a secret is encrypted at rest. */
export function bindingOf(endpointId: string): Binding {
  return { purpose: 'webhook-secret', of: endpointId }
}
