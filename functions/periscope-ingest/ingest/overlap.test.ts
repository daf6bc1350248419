import { expect, test } from 'vitest'
import { overlap } from './overlap.ts'

/** Work whose ends the test decides, and what has been prepared and begun so far. */
function heldWork() {
  const prepared: number[] = []
  const begun: number[] = []
  const held = new Map<number, PromiseWithResolvers<void>>()
  const prepare = async (item: number) => {
    if (item < 0) throw new Error('unreadable')
    prepared.push(item)
    return item
  }
  const finish = (item: number) => {
    begun.push(item)
    const end = Promise.withResolvers<void>()
    held.set(item, end)
    return end.promise
  }
  const end = (item: number) => held.get(item)?.resolve()
  const fail = (item: number) => held.get(item)?.reject(new Error('disk'))
  return { prepared, begun, prepare, finish, end, fail }
}

test('the next item is prepared while one is finished, and no further one', async () => {
  const { prepared, begun, prepare, finish, end } = heldWork()
  const run = overlap([1, 2, 3], prepare, finish)
  await expect.poll(() => prepared).toEqual([1, 2])
  expect(begun).toEqual([1])
  end(1)
  await expect.poll(() => begun).toEqual([1, 2])
  await expect.poll(() => prepared).toEqual([1, 2, 3])
  end(2)
  await expect.poll(() => begun).toEqual([1, 2, 3])
  end(3)
  await run
})

test('after a failure nothing more is finished', async () => {
  const { begun, prepare, finish, fail } = heldWork()
  const failed = expect(overlap([1, 2, 3], prepare, finish)).rejects.toThrow('disk')
  await expect.poll(() => begun).toEqual([1])
  fail(1)
  await failed
  expect(begun).toEqual([1])
})

test('an item that cannot be prepared waits for the one before it to end', async () => {
  const { begun, prepare, finish, end } = heldWork()
  let settled = false
  const run = overlap([1, -2], prepare, finish).finally(() => {
    settled = true
  })
  const failed = expect(run).rejects.toThrow('unreadable')
  await expect.poll(() => begun).toEqual([1])
  await new Promise((resolve) => setImmediate(resolve))
  expect(settled).toBe(false)
  end(1)
  await failed
})
