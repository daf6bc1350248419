import type { Place } from './place.ts'

export type Network = ReturnType<typeof createNetwork>

/** Brokers live in private subnets; functions that reach both them and the internet go out through NAT. */
export function createNetwork({ named, opts }: Place) {
  return new sst.aws.Vpc(named('Network'), { nat: $app.stage === 'prod' ? 'managed' : 'ec2' }, opts)
}
