import type { Weights } from '../../../shared/contract/foghorn.ts'

/** What counts how much where neither the configuration nor a cluster says otherwise. */
export const DEFAULT_WEIGHTS: Weights = {
  cpu: 500,
  memory: 500,
  bandwidth: 1000,
  distance: 1000,
  stream: 300,
  cluster: 200,
}
