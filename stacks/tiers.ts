/**
 * Where the regional tier may stand: AWS has MSK Serverless there. A region's place in this list is the number of its log, which
 * Signalman's hubs remember: new ones come last, and none is taken out.
 */
const places = [
  ...['eu-west-1', 'eu-west-2', 'eu-west-3', 'eu-central-1', 'eu-north-1'],
  ...['us-east-1', 'us-east-2', 'us-west-2', 'ca-central-1'],
  ...['ap-south-1', 'ap-southeast-1', 'ap-southeast-2', 'ap-northeast-1'],
] as const

export type Region = (typeof places)[number]

export interface Tiers {
  /** Where the control plane and what answers tenants stand: the first of the regions. */
  central: Region
  /** Where media hosts bring their events to. */
  regions: readonly [Region, ...Region[]]
}

/** The regions of `FRAMEWORKS_REGIONS`, `eu-west-1,us-east-1`; throws an `Error` that says what is wrong with them. */
export function readTiers(env: Record<string, string | undefined>): Tiers {
  const names = (env.FRAMEWORKS_REGIONS ?? '').split(',').flatMap((name) => name.trim() || [])
  const regions = names.map((name) => {
    const region = places.find((place) => place === name)
    if (region === undefined) {
      throw new Error(`FRAMEWORKS_REGIONS names ${name}, which is none of ${places.join(', ')}.`)
    }
    return region
  })
  const [central, ...others] = regions
  if (central === undefined) {
    throw new Error('Set FRAMEWORKS_REGIONS to the regions of AWS, the central one first, e.g. eu-west-1,us-east-1')
  }
  const twice = regions.find((region, at) => regions.indexOf(region) !== at)
  if (twice !== undefined) throw new Error(`FRAMEWORKS_REGIONS names ${twice} twice.`)
  return { central, regions: [central, ...others] }
}

/** By which the log of a region is told from those of others. */
export function logNumber(region: Region): number {
  return places.indexOf(region)
}

/** As part of a resource's name: `EuWest1`. */
export function inName(region: Region): string {
  return region.replaceAll(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase())
}
