import { describe, expect, test } from 'vitest'
import { Fault } from '../fault.ts'
import type { EventRecord, RecordPosition } from './event-log.ts'
import { BATCH_RECORDS_MAX, ProduceLane, WAITING_BYTES_MAX } from './produce-lane.ts'
import { BATCH_BYTES_MAX } from './record-size.ts'

const event = (key: string, bytes = 1): EventRecord => ({ key, value: new Uint8Array(bytes), headers: {} })
const events = (count: number) => Array.from({ length: count }, (_, i) => event(String(i)))

/** A lane whose batches are held until the test lets them go. */
function heldLane() {
  const batches: { keys: string[]; finish: (error?: Error) => void }[] = []
  let offset = 0n
  const lane = new ProduceLane(async (records) => {
    const gate = Promise.withResolvers<void>()
    const finish = (error?: Error) => (error ? gate.reject(error) : gate.resolve())
    batches.push({ keys: records.map(({ key }) => key), finish })
    await gate.promise
    return records.map((): RecordPosition => ({ partition: 0, offset: offset++ }))
  })
  const settled = () => new Promise(setImmediate)
  return { lane, batches, settled }
}

describe('the produce lane', () => {
  test('sends what waits behind a batch as the next one, and gives each caller its own positions', async () => {
    const { lane, batches, settled } = heldLane()
    const first = lane.push([event('a')])
    await settled()
    const second = lane.push([event('b'), event('c')])
    const third = lane.push([event('d')])
    await settled()
    expect(batches.map(({ keys }) => keys)).toEqual([['a']])
    batches[0]?.finish()
    await settled()
    expect(batches.map(({ keys }) => keys)).toEqual([['a'], ['b', 'c', 'd']])
    batches[1]?.finish()
    const offsets = (await Promise.all([first, second, third])).map((of) => of.map(({ offset }) => Number(offset)))
    expect(offsets).toEqual([[0], [1, 2], [3]])
  })

  test('fails the callers of a failed batch, and goes on with the next', async () => {
    const { lane, batches, settled } = heldLane()
    const failed = lane.push([event('a')])
    await settled()
    const fine = lane.push([event('b')])
    const down = new Fault('unavailable', 'down', 'Down')
    batches[0]?.finish(down)
    await expect(failed).rejects.toBe(down)
    await settled()
    batches[1]?.finish()
    expect(await fine).toHaveLength(1)
  })

  test('cuts a call that is larger than a batch, and stops at the part that fails', async () => {
    const { lane, batches, settled } = heldLane()
    const push = lane.push(events(2 * BATCH_RECORDS_MAX))
    await settled()
    expect(batches[0]?.keys).toHaveLength(BATCH_RECORDS_MAX)
    batches[0]?.finish(new Fault('unavailable', 'down', 'Down'))
    await expect(push).rejects.toMatchObject({ reason: 'down' })
    await settled()
    expect(batches).toHaveLength(1)
  })

  test('keeps a batch within its bytes', async () => {
    const { lane, batches, settled } = heldLane()
    const half = BATCH_BYTES_MAX / 2
    const pushes = ['a', 'b', 'c'].map((key) => lane.push([event(key, half)]))
    for (let i = 0; i < 3; i++) {
      await settled()
      batches[i]?.finish()
    }
    await Promise.all(pushes)
    expect(batches.map(({ keys }) => keys)).toEqual([['a'], ['b'], ['c']])
  })

  test('tells callers to come back when too much waits', async () => {
    const { lane, batches, settled } = heldLane()
    const value = new Uint8Array(BATCH_BYTES_MAX - 1_000)
    const push = (key: string) => lane.push([{ key, value, headers: {} }])
    const room = Math.floor(WAITING_BYTES_MAX / BATCH_BYTES_MAX)
    const waiting = Array.from({ length: room }, (_, i) => push(String(i)))
    await expect(push('one too many')).rejects.toMatchObject({ reason: 'event_log_busy', retry: true })
    for (let i = 0; i < room; i++) {
      await settled()
      batches[i]?.finish()
    }
    await Promise.all(waiting)
    expect(batches).toHaveLength(room)
  })

  test('answers nothing for nothing', async () => {
    expect(await heldLane().lane.push([])).toEqual([])
  })
})
