import { expect, test } from 'vitest'
import type { SentEvent } from '../../../shared/events/envelope.ts'
import { MARKS_APART_MS, Marks } from './marks.ts'
import type { Sender } from './sender.ts'

const at = (ms: number) => new Date(Date.parse('2026-11-24T00:00:00.000Z') + ms)
const sender = (node_id: string | null): Sender => ({ source: 'helmsman', node_id, cluster_id: null, types: new Set() })
const poll = (ms: number) => ({ event_type: 'node-monitoring', occurred_at: at(ms).toISOString() }) as SentEvent
const end = { event_type: 'stream-end', occurred_at: at(9).toISOString() } as SentEvent

test('a mark is due after the polls of a host, not more often than every so long', () => {
  const marks = new Marks()
  const host = sender('nod_1')
  expect(marks.due(host, [end], at(0))).toBeNull()
  expect(marks.due(host, [poll(2), end, poll(1)], at(0))).toBe(poll(2).occurred_at)
  // It stays due until it is in the log.
  expect(marks.due(host, [poll(3)], at(1))).toBe(poll(3).occurred_at)
  marks.marked(host, at(1))
  expect(marks.due(host, [poll(4)], at(MARKS_APART_MS))).toBeNull()
  expect(marks.due(sender('nod_2'), [poll(4)], at(MARKS_APART_MS))).toBe(poll(4).occurred_at)
  expect(marks.due(host, [poll(4)], at(MARKS_APART_MS + 1))).toBe(poll(4).occurred_at)
})

test('who is no host has none', () => {
  expect(new Marks().due(sender(null), [poll(1)], at(0))).toBeNull()
})
