/** Seeded randomness: one seed gives one sequence of viewers, rates and lengths. */
export interface Dice {
  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number
  pick<T>(choices: readonly [T, ...T[]]): T
}

const UINT32_VALUES = 2 ** 32

/** Mulberry32: 32 bits of state, good enough to vary a demo and short enough to check by eye. */
export function rollDice(seed: number): Dice {
  let state = seed >>> 0
  const fraction = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / UINT32_VALUES
  }
  const integer = (min: number, max: number) => min + Math.floor(fraction() * (max - min + 1))
  return { integer, pick: (choices) => choices[integer(0, choices.length - 1)] ?? choices[0] }
}
