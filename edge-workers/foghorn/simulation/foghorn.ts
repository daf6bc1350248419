import { HEARTBEAT_INTERVAL_MS, type Heartbeat } from '../../../shared/contract/foghorn.ts'
import { ClusterState } from '../cluster/cluster-state.ts'
import { decide } from '../decision/decision.ts'
import { hash } from '../decision/spread.ts'
import { DEFAULT_WEIGHTS } from '../decision/weights.ts'
import { toChoice } from '../pictures/choice.ts'
import { PICTURE_FRESH_MS } from '../pictures/fleets.ts'
import { Picture } from '../pictures/picture.ts'
import type { Snapshot } from '../pictures/snapshot.ts'
import { clusterId, heartbeat, live, nodeId, question } from '../testing/hosts.ts'
import type { Balancer } from './run.ts'
import type { Machine } from './world.ts'

const STREAM = 'live+final'
export const ISOLATES = 8
/** From an isolate to the cluster's object and back. */
const ROUND_TRIP_MS = 200

interface Isolate {
  picture: Picture
  /** An answer that is under way, and when it is there. */
  answer: { snapshot: Snapshot; asked_at_ms: number; due_ms: number } | undefined
}

/** Foghorn's own decision and charges, in isolates that ask one cluster as `nodes/fleets.ts` does. */
export function createFoghorn(machines: readonly Machine[]): Balancer {
  const state = new ClusterState('one', { hosts: [], held_out: [], weights: null })
  const numbers = new Map(machines.map((_, machine) => [nodeId(machine), machine]))
  const isolates = Array.from({ length: ISOLATES }, (): Isolate => {
    return { picture: new Picture(clusterId(1), DEFAULT_WEIGHTS), answer: undefined }
  })
  const beatOf = (machine: number, egress_bytes_per_second: number, viewers: number): Heartbeat => {
    const { address, location, limit_bytes_per_second } = machines[machine] ?? EMPTY
    return heartbeat({
      host: address,
      location,
      bandwidth_limit_bytes_per_second: limit_bytes_per_second,
      egress_bytes_per_second,
      viewers,
      cpu_percent: (60 * egress_bytes_per_second) / limit_bytes_per_second,
      streams: machine === 0 ? [live(STREAM)] : [],
    })
  }

  function refresh(isolate: Isolate, now_ms: number): void {
    const { picture, answer } = isolate
    if (answer !== undefined) return
    const snapshot = state.refresh(picture.ask(now_ms), now_ms)
    isolate.answer = { snapshot, asked_at_ms: now_ms, due_ms: now_ms + ROUND_TRIP_MS }
  }

  function receive(isolate: Isolate, now_ms: number): void {
    const { picture, answer } = isolate
    if (answer === undefined || answer.due_ms > now_ms) return
    picture.answer(answer.snapshot, answer.asked_at_ms)
    isolate.answer = undefined
  }

  for (const [machine, { base_bytes_per_second, base_viewers }] of machines.entries()) {
    state.beat(nodeId(machine), beatOf(machine, base_bytes_per_second, base_viewers), -HEARTBEAT_INTERVAL_MS)
  }
  for (const isolate of isolates) {
    refresh(isolate, -ROUND_TRIP_MS)
    receive(isolate, 0)
  }

  return {
    hear: ({ machine, egress_bytes_per_second, viewers }, now_ms) => {
      state.beat(nodeId(machine), beatOf(machine, egress_bytes_per_second, viewers), now_ms)
    },
    choose: ({ location, address }, now_ms) => {
      // Some isolates have much more to do than others.
      const isolate = isolates[Math.floor(ISOLATES * (hash(address) / 2 ** 32) ** 2)]
      if (isolate === undefined) return null
      receive(isolate, now_ms)
      const { picture } = isolate
      if (now_ms - (picture.at_ms ?? 0) >= PICTURE_FRESH_MS) refresh(isolate, now_ms)
      const asked = question({ stream: STREAM, viewer: location, now_ms, seed: address, cold: true })
      const [best] = decide([picture.fleet], asked).ranked
      if (best === undefined) return null
      picture.sent(toChoice(best, asked, null), now_ms)
      return numbers.get(best.host.node_id) ?? null
    },
    tick: (now_ms) => {
      for (const isolate of isolates) {
        receive(isolate, now_ms)
        if (!isolate.picture.ledger.isEmpty && now_ms - (isolate.picture.at_ms ?? 0) >= PICTURE_FRESH_MS)
          refresh(isolate, now_ms)
      }
    },
  }
}

const EMPTY = { address: 'none.example', location: null, limit_bytes_per_second: 1 }
