import { createDecklog } from './decklog.ts'
import { createReaders } from './ingest.ts'
import { createKafka } from './kafka.ts'
import { createNetwork } from './network.ts'
import { type Place, places } from './place.ts'

/** The regional tier: in each region a log of its own, what takes events into it, and what reads it. */
export const regional = places.map(create)

function create(place: Place) {
  const network = createNetwork(place)
  const kafka = createKafka(place, network)
  return { place, functions: createDecklog(place, network, kafka), ...createReaders(place, network, kafka) }
}
