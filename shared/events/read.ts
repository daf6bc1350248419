import { shortenAddress } from '../address.ts'
import { Fault } from '../fault.ts'
import { mapAddresses } from './addresses.ts'
import { StoredEvent } from './envelope.ts'
import { isStoredEvent } from './quick-check.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * The event of a record's value. Throws a `Fault` that no retry mends when it is none: `malformed_event` or
 * `invalid_event`. Addresses are shortened here too, so that no other producer brings whole ones into the stores.
 */
export function readEvent(value: Uint8Array): StoredEvent {
  const json = readJson(value)
  if (isStoredEvent(json)) return withShortAddresses(json)
  const result = StoredEvent.safeParse(json)
  if (!result.success) {
    const [issue] = result.error.issues
    throw new Fault('unprocessable', 'invalid_event', `/${issue?.path.join('/') ?? ''} ${issue?.message ?? ''}`)
  }
  return withShortAddresses(result.data)
}

function readJson(value: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(value))
  } catch (cause) {
    throw new Fault('unprocessable', 'malformed_event', 'not JSON in UTF-8', { cause })
  }
}

/** The cast holds because the copy has the type of the data that it was made from. */
function withShortAddresses(event: StoredEvent): StoredEvent {
  return { ...event, data: mapAddresses(event.event_type, event.data, shortenAddress) } as StoredEvent
}
