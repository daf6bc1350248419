import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../../shared/clock.ts'
import { BATCH_BYTES_MAX, BATCH_EVENTS_MAX as DECKLOG_EVENTS_MAX } from '../../../shared/events/limits.ts'
import { createServiceTokens, createSigner } from '../../../shared/identity/signer.ts'
import { createLog } from '../../../shared/log.ts'
import { createIdentities, type Identities } from '../../../shared/testing/identities.ts'
import { type DecklogDoor, startDecklog } from '../../../stacks/local/edge/testing/control-plane.ts'
import { decide, REJECTED_MAX } from '../decision/decision.ts'
import { RANKED_MAX } from '../decision/ranking.ts'
import { live, question, report, toFleet } from '../testing/hosts.ts'
import { BATCH_EVENTS_MAX, CARRY_MS_MAX, createDecisionLog, QUEUE_EVENTS_MAX } from './decision-log.ts'
import { type Told, toEvent } from './event.ts'

let identities: Identities
let decklog: DecklogDoor

beforeAll(async () => {
  identities = await createIdentities(systemClock)
  decklog = await startDecklog(identities)
})
afterAll(() => decklog.down())
beforeEach(async () => {
  await decklog.up()
  decklog.refuseWith = undefined
  decklog.batches.length = 0
})

const told: Told = {
  at: new Date(0),
  purpose: 'play',
  outcome: 'denied',
  reason_code: 'unknown_playback_id',
  stream_name: '',
  playback_id: 'nobody',
  protocol: 'hls',
  place: null,
  decision: null,
  decision_us: 0,
}

/** A log of decisions as an isolate has it; `settled` waits for what requests carry on after their answers. */
function openLog() {
  const token = createServiceTokens(createSigner(identities.keyOf('foghorn'), systemClock), 'decklog', systemClock)
  let ahead_ms = 0
  const log = createDecisionLog({
    decklogUrl: new URL(decklog.url),
    token,
    log: createLog('foghorn'),
    clock: () => new Date(Date.now() + ahead_ms),
  })
  const carried: Promise<unknown>[] = []
  return {
    carried,
    pass: (ms: number) => {
      ahead_ms += ms
    },
    add: (count: number) => {
      for (let i = 0; i < count; i++) log.add(toEvent(told), (work) => carried.push(work))
    },
    settled: () => Promise.all(carried),
  }
}

test('decisions of many viewers go together, carried by one of them', async () => {
  const { add, carried, settled } = openLog()
  add(BATCH_EVENTS_MAX + 1)
  await settled()
  expect(carried).toHaveLength(1)
  expect(decklog.batches.map((batch) => batch.length)).toEqual([BATCH_EVENTS_MAX, 1])
  add(1)
  await settled()
  expect(carried).toHaveLength(2)
  expect(decklog.batches).toHaveLength(3)
})

test('what does not fit into the queue is dropped, and the rest arrives', async () => {
  const { add, settled } = openLog()
  add(QUEUE_EVENTS_MAX + 500)
  await settled()
  expect(decklog.batches.flat()).toHaveLength(QUEUE_EVENTS_MAX)
})

test('decisions wait while Decklog is away for a moment', async () => {
  const { add, settled } = openLog()
  await decklog.down()
  add(3)
  const arrived = settled()
  await decklog.up()
  await arrived
  expect(decklog.batches.flat()).toHaveLength(3)
})

test('when the request that carried has ended, another takes over', async () => {
  const { add, carried, pass, settled } = openLog()
  const release = decklog.hold()
  add(1)
  pass(CARRY_MS_MAX - 1_000)
  add(1)
  expect(carried).toHaveLength(1)
  pass(1_000)
  add(1)
  expect(carried).toHaveLength(2)
  release()
  await settled()
  expect(decklog.batches.flat()).toHaveLength(3)
})

test('a full batch of the longest decisions is within what Decklog takes', () => {
  const name = 'x'.repeat(200)
  const hosts = RANKED_MAX + REJECTED_MAX
  const reports = Array.from({ length: hosts }, (_, index) =>
    report(index, 0, { streams: [live(name)], draining: index >= RANKED_MAX }),
  )
  const decision = decide([toFleet(reports)], question({ stream: name }))
  const longest = toEvent({ ...told, decision, stream_name: name, playback_id: name })
  expect(longest.data.candidates).toHaveLength(hosts)
  const bytes = JSON.stringify({ topic: name, value: JSON.stringify(longest) }).length
  expect(BATCH_EVENTS_MAX * bytes).toBeLessThan(BATCH_BYTES_MAX)
  expect(BATCH_EVENTS_MAX).toBeLessThanOrEqual(DECKLOG_EVENTS_MAX)
})
