import { eventOf } from '../../../../functions/periscope-ingest/testing/events.ts'
import { EVENTS_TOPIC } from '../../../../shared/contract/decklog.ts'
import { HOST_HEARD } from '../../../../shared/events/host-heard.ts'
import { eventId } from '../../../../shared/ids.ts'
import type { EventRecord } from '../../../../shared/kafka/event-log.ts'
import { type Random, seededRandom } from '../kernel/random.ts'
import { placeOf } from '../truth/truth.ts'
import { TENANT_ID } from './control-plane.ts'
import type { World } from './world.ts'

const SECOND = 1_000
const POISONED_SHARE = 0.5
const RECORDS_AT_ONCE_MAX = 3

interface Poisoning {
  world: World
  seed: number
  note: (line: string) => void
  /** No more of it from then on, Unix ms. */
  until: number
}

type Event = { event_id: string; occurred_at: string; schema_version: number } & Record<string, unknown>

/**
 * Puts records into the log that can never be stored, as a later version or a stranger would: in half of all runs, and by
 * chance of its own, so that the others stay what they are without it.
 */
export function poisonLog({ world, seed, note, until }: Poisoning): void {
  const random = seededRandom(~seed)
  if (!random.chance(POISONED_SHARE)) return
  const { schedule } = world
  const next = () => {
    if (schedule.now >= until) return
    for (let left = random.integer(1, RECORDS_AT_ONCE_MAX); left > 0; left--) poison({ world, random, note })
    schedule.after(random.integer(2 * SECOND, 25 * SECOND), next)
  }
  schedule.after(random.integer(2 * SECOND, 25 * SECOND), next)
}

/** One record, made of a good one and put beside it. */
function poison({ world, random, note }: Pick<Poisoning, 'world' | 'note'> & { random: Random }): void {
  const { broker, truth } = world
  const good = broker
    .records(EVENTS_TOPIC)
    .flat()
    .filter((record) => record.headers.event_type !== HOST_HEARD && !truth.poison.has(placeOf(record)))
  if (good.length === 0) return
  const { key, value, headers } = random.pick(good)
  const event_id = eventId('poison', String(truth.poison.size))
  const event: Event = { ...JSON.parse(Buffer.from(value).toString()), event_id }
  const [reason, spoil] = random.pick(spoilt)
  const record = { key, value, headers: { ...headers, event_id }, ...spoil(event, random) }
  const [position] = broker.append(EVENTS_TOPIC, [record])
  if (position === undefined) return
  truth.poison.set(placeOf(position), reason)
  note(`poison (${reason}) at ${placeOf(position)}`)
}

type Spoil = (event: Event, random: Random) => Partial<EventRecord>

const toValue = (event: object) => Buffer.from(JSON.stringify(event))

/** By the reason with which it is to be buried. */
const spoilt: readonly [string, Spoil][] = [
  ['malformed_event', () => ({ value: Uint8Array.of(0x22, 0xff, 0x22) })],
  ['malformed_event', (event, random) => ({ value: toValue(event).subarray(0, random.integer(0, 100)) })],
  ['invalid_event', (event) => ({ value: toValue({ ...event, event_type: 'stream-teleport' }) })],
  ['invalid_event', (event) => ({ value: toValue({ ...event, schema_version: event.schema_version + 1 }) })],
  ['invalid_event', ({ tenant_id: _, ...event }) => ({ value: toValue(event) })],
  ['invalid_mark', (event) => ({ value: toValue(event), headers: { event_type: HOST_HEARD } })],
  ['internal', (event) => ({ value: toValue(refusedByPostgres(event)) })],
]

/** With a NUL in the state of a stream of its own: of one that others tell of too, a newer event's might be written instead. */
function refusedByPostgres({ event_id, occurred_at }: Event) {
  const { data, ...event } = eventOf('stream-lifecycle', { event_id, occurred_at, tenant_id: TENANT_ID })
  return { ...event, stream_id: `str_${event_id}`, data: { ...data, reason: 'a\0b' } }
}
