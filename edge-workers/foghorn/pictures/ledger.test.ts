import { expect, test } from 'vitest'
import { clusterId, nodeId } from '../testing/hosts.ts'
import { Ledger, RECENT_PER_BATCH_MAX, UNTOLD_BATCHES_MAX } from './ledger.ts'
import type { Recent } from './snapshot.ts'

const charge = { node_id: nodeId(1), viewers: 1, bytes_per_second: 100_000 }

function refusal(at_ms: number): Recent {
  const subject = { want: 'play', stream: 'live+one', playback_id: null, protocol: 'hls' } as const
  return { outcome: 'refused', cluster_id: clusterId(1), at_ms, reason: 'cpu_full', ...subject }
}

test('viewers of a moment are told as one sum for each host, with how long ago that was', () => {
  const ledger = new Ledger()
  expect(ledger.isEmpty).toBe(true)
  ledger.charge(charge, 1_000)
  ledger.charge(charge, 1_500)
  ledger.charge({ ...charge, node_id: nodeId(2) }, 1_500)
  const [batch] = ledger.tell(2_000)
  expect(batch).toMatchObject({ number: 1, age_ms: 1_000 })
  expect(batch?.charges).toEqual([
    { node_id: nodeId(1), viewers: 2, bytes_per_second: 200_000 },
    { node_id: nodeId(2), viewers: 1, bytes_per_second: 100_000 },
  ])
  expect(ledger.isEmpty).toBe(false)
  ledger.counted(1, false, 2_000)
  expect(ledger.isEmpty).toBe(true)
})

test('a cluster that stays out of reach costs an isolate only so many batches, the newest', () => {
  const ledger = new Ledger()
  for (let round = 0; round <= UNTOLD_BATCHES_MAX; round++) {
    ledger.charge(charge, round)
    ledger.tell(round)
  }
  const batches = ledger.tell(UNTOLD_BATCHES_MAX)
  expect(batches).toHaveLength(UNTOLD_BATCHES_MAX)
  expect(batches.at(-1)?.number).toBe(UNTOLD_BATCHES_MAX + 1)
})

test('of many decisions of a moment the newest are told', () => {
  const ledger = new Ledger()
  for (let at_ms = 0; at_ms <= RECENT_PER_BATCH_MAX; at_ms++) ledger.note(refusal(at_ms), 0)
  const [batch] = ledger.tell(0)
  expect(batch?.recent).toHaveLength(RECENT_PER_BATCH_MAX)
  expect(batch?.recent[0]?.at_ms).toBe(1)
})
