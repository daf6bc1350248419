import { tiers } from './stage.ts'
import { inName, type Region } from './tiers.ts'

/** A region of the regional tier, as its resources are made there. */
export interface Place {
  region: Region
  /** A resource's own name with the region's: names are unique in a stage. */
  named(name: string): string
  /** Puts a resource, and all that it is made of, into the region. */
  opts: { provider: aws.Provider }
}

const tags = { 'sst:app': $app.name, 'sst:stage': $app.stage }

export const places: Place[] = tiers.regions.map((region) => ({
  region,
  named: (name) => `${name}${inName(region)}`,
  opts: { provider: new aws.Provider(`Aws${inName(region)}`, { region, defaultTags: { tags } }) },
}))
