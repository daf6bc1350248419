/** Brokers live in private subnets; functions that reach both them and the internet go out through NAT. */
export const network = new sst.aws.Vpc('Network', { nat: $app.stage === 'prod' ? 'managed' : 'ec2' })
