import { parse, v5, v7 } from 'uuid'

/** Every kind of object and the prefix of its ids, so that an id in a log says what it names. */
const prefixes = {
  user: 'usr',
  tenant: 'ten',
  session: 'ses',
  registration: 'reg',
  invitation: 'inv',
  apiToken: 'tok',
  stream: 'str',
  streamKey: 'key',
  signingKey: 'sgn',
  playbackRevocation: 'rev',
  pushTarget: 'psh',
  cluster: 'clu',
  node: 'nod',
  enrolmentToken: 'enr',
  auditEntry: 'aud',
  webhookEndpoint: 'whe',
  webhookDelivery: 'whd',
} as const

export type IdKind = keyof typeof prefixes

/** A new id: its kind's prefix and a time-ordered UUID, e.g. `str_0199…`. */
export function newId(kind: IdKind): string {
  return `${prefixes[kind]}_${v7()}`
}

/** As bytes, which would else be read from its text for each event. */
const EVENT_NAMESPACE = parse(v5('frameworks:event', v5.URL))

/** The id of an event, derived from what it reports: the same source event always gets the same id. */
export function eventId(...source: readonly (string | number)[]): string {
  return v5(source.join('\u0000'), EVENT_NAMESPACE)
}
