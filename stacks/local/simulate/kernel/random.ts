import { mulberry32 } from '../../../../shared/mulberry32.ts'

/** Seeded chance, the only one in a simulation. */
export interface Random {
  /** 0 to 1, 1 not included. */
  fraction(): number
  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number
  chance(share: number): boolean
  pick<T>(choices: readonly T[]): T
}

/** The seed is mixed, as seeds that follow each other must not give alike sequences. */
export function seededRandom(seed: number): Random {
  const fraction = mulberry32(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b))
  const integer = (min: number, max: number) => min + Math.floor(fraction() * (max - min + 1))
  return {
    fraction,
    integer,
    chance: (share) => fraction() < share,
    pick: (choices) => {
      const chosen = choices[integer(0, choices.length - 1)]
      if (chosen === undefined) throw new TypeError('nothing to pick from')
      return chosen
    },
  }
}
