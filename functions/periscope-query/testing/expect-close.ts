import { expect } from 'vitest'

/** Equal, but for the last digits of sums of fractions. */
export function expectClose(found: object, slow: object) {
  expect(Object.keys(found)).toEqual(Object.keys(slow))
  for (const [name, value] of Object.entries(slow)) {
    const told = found[name as keyof object] as number | null
    if (value === null || Number.isInteger(value)) expect(told, name).toBe(value)
    else expect(Math.abs((told ?? Number.NaN) / value - 1), name).toBeLessThan(1e-9)
  }
}
