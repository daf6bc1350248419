import { expect, test } from 'vitest'
import { Fault } from '../fault.ts'
import { BatchTurns } from './batch-turns.ts'
import type { ConsumedRecord } from './event-log.ts'

const never = new AbortController().signal
const away = () => new Fault('unavailable', 'store_down', 'Later')

function batchOf(offset: number): ConsumedRecord[] {
  return [{ partition: 0, offset: BigInt(offset), key: 'k', value: new Uint8Array(), headers: {}, timestamp_ms: 0 }]
}

/** Turns whose second steps the test ends, and all that happens, in its order. */
function heldTurns() {
  const happened: string[] = []
  const held = new Map<string, PromiseWithResolvers<void>>()
  const turns = new BatchTurns(
    async ([record]) => {
      const name = String(record?.offset)
      happened.push(`read ${name}`)
      return () => {
        happened.push(`store ${name}`)
        const end = Promise.withResolvers<void>()
        held.set(name, end)
        return end.promise
      }
    },
    () => happened.push('stop'),
  )
  const commitOf = (name: number, done: boolean) => async () => {
    happened.push(`commit ${name}`)
    return done
  }
  const take = (name: number, { done = true, ended = never } = {}) =>
    turns.take(batchOf(name), commitOf(name, done), ended)
  return { happened, held, turns, take }
}

test('the next batch is read while one is stored, and no further one; commits keep their order', async () => {
  const { happened, held, turns, take } = heldTurns()
  expect(await take(1)).toBe(true)
  const second = take(2)
  await expect.poll(() => happened).toEqual(['read 1', 'store 1', 'read 2'])
  held.get('1')?.resolve()
  expect(await second).toBe(true)
  held.get('2')?.resolve()
  expect(await turns.settled()).toBe(true)
  expect(happened).toEqual(['read 1', 'store 1', 'read 2', 'commit 1', 'store 2', 'commit 2'])
})

test('a second step that asks for a retry is run again by itself', async () => {
  const { happened, held, turns, take } = heldTurns()
  await take(1)
  held.get('1')?.reject(away())
  await expect.poll(() => happened).toEqual(['read 1', 'store 1', 'store 1'])
  held.get('1')?.resolve()
  expect(await turns.settled()).toBe(true)
})

test('after a second step that failed nothing is stored or committed any more', async () => {
  const { happened, held, turns, take } = heldTurns()
  await take(1)
  const second = expect(take(2)).rejects.toMatchObject({ cause: { message: 'broken' } })
  held.get('1')?.reject(new Error('broken'))
  await second
  await expect(turns.settled()).rejects.toMatchObject({ cause: { message: 'broken' } })
  expect(happened).toEqual(['read 1', 'store 1', 'read 2', 'stop'])
})

test('after a commit that was refused, or an end, the next batch may not follow', async () => {
  const { happened, held, take } = heldTurns()
  await take(1, { done: false })
  held.get('1')?.resolve()
  expect(await take(2)).toBe(false)
  expect(happened).not.toContain('store 2')
  const other = heldTurns()
  const closer = new AbortController()
  await other.take(1, { ended: closer.signal })
  other.held.get('1')?.reject(away())
  closer.abort()
  expect(await other.take(2)).toBe(false)
  expect(other.happened).not.toContain('commit 1')
})

test('a batch that cannot be read waits for the one before it to end', async () => {
  const stored = Promise.withResolvers<void>()
  const done: string[] = []
  const turns = new BatchTurns(
    async ([record]) => {
      if (record?.offset === 2n) throw new Error('unreadable')
      return () => stored.promise
    },
    () => undefined,
  )
  const commit = async () => {
    done.push('committed')
    return true
  }
  await turns.take(batchOf(1), commit, never)
  const failed = turns.take(batchOf(2), commit, never).catch(() => done.push('failed'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(done).toEqual([])
  stored.resolve()
  await failed
  expect(done).toEqual(['committed', 'failed'])
})
