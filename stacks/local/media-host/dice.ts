import { mulberry32 } from '../../../shared/mulberry32.ts'

/** Seeded randomness: one seed gives one sequence of viewers, rates and lengths. */
export interface Dice {
  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number
  pick<T>(choices: readonly [T, ...T[]]): T
}

export function rollDice(seed: number): Dice {
  const fraction = mulberry32(seed)
  const integer = (min: number, max: number) => min + Math.floor(fraction() * (max - min + 1))
  return { integer, pick: (choices) => choices[integer(0, choices.length - 1)] ?? choices[0] }
}
