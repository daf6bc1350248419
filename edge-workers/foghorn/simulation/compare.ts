import { drawComparison } from './draw.ts'
import { createFoghorn } from './foghorn.ts'
import { createMistUtilLoad } from './mist-util-load.ts'
import { run } from './run.ts'
import { makeCrowd, makeMachines } from './world.ts'

export const pictureFile = new URL('../../../docs/flash-crowd.svg', import.meta.url)

/** The same crowd on the same machines, sent by Foghorn and by MistUtilLoad's rule. */
export function compare() {
  const machines = makeMachines()
  const crowd = makeCrowd()
  const foghorn = run(machines, crowd, createFoghorn(machines))
  const mistUtilLoad = run(machines, crowd, createMistUtilLoad(machines))
  return { foghorn, mistUtilLoad, picture: drawComparison(machines, foghorn, mistUtilLoad) }
}
