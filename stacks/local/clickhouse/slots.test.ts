import { expect, test, vi } from 'vitest'
import { Slots } from './slots.ts'

test('runs no more than its slots, keeps the order of those that wait and refuses the rest', async () => {
  const slots = new Slots(2, 1)
  const gates = [1, 2, 3].map(() => Promise.withResolvers<void>())
  const started: number[] = []
  const runs = gates.map((gate, index) =>
    slots.run(() => {
      started.push(index)
      return gate.promise
    }),
  )
  await expect(slots.run(async () => 4)).rejects.toThrow('Code: 202. DB::Exception: Too many simultaneous queries')
  expect(started).toEqual([0, 1])
  gates[0]?.resolve()
  await vi.waitFor(() => expect(started).toEqual([0, 1, 2]))
  const drained = slots.drained()
  for (const gate of gates) gate.resolve()
  await Promise.all([...runs, drained])
  await slots.drained()
})

test('gives a slot back after a failure', async () => {
  const slots = new Slots(1, 0)
  await expect(slots.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await slots.run(async () => 'next')).toBe('next')
})
