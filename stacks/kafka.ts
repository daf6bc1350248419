import type { Network } from './network.ts'
import type { Place } from './place.ts'

export type Kafka = ReturnType<typeof createKafka>

/** The log of a region: its brokers, and what who produces and who consumes may do there. */
export function createKafka({ named, opts }: Place, network: Network) {
  const brokers = new aws.ec2.SecurityGroup(
    named('Brokers'),
    {
      vpcId: network.id,
      description: 'Kafka over TLS with IAM, from inside the network only',
      ingress: [{ protocol: 'tcp', fromPort: 9098, toPort: 9098, cidrBlocks: [network.nodes.vpc.cidrBlock] }],
      egress: [{ protocol: '-1', fromPort: 0, toPort: 0, cidrBlocks: ['0.0.0.0/0'] }],
    },
    opts,
  )
  const cluster = new aws.msk.ServerlessCluster(
    named('Events'),
    {
      clusterName: `frameworks-${$app.stage}`,
      clientAuthentication: { sasl: { iam: { enabled: true } } },
      vpcConfigs: [{ subnetIds: network.privateSubnets, securityGroupIds: [brokers.id] }],
    },
    // SST's own protection is against removing a stage, not against a region that is named no more.
    { ...opts, protect: $app.stage === 'prod' },
  )
  return { arn: cluster.arn, ...permissionsOn(cluster) }
}

function permissionsOn(cluster: aws.msk.ServerlessCluster) {
  /** Topics and groups of this cluster only: what a client of it may name. */
  const inCluster = (kind: 'topic' | 'group') =>
    cluster.arn.apply((arn) => `${arn.replace(':cluster/', `:${kind}/`)}/*`)
  const connect = {
    actions: ['kafka:GetBootstrapBrokers', 'kafka:DescribeClusterV2', 'kafka-cluster:Connect'],
    resources: [cluster.arn],
  }
  const mayProduce = [
    connect,
    {
      actions: [
        'kafka-cluster:CreateTopic',
        'kafka-cluster:DescribeTopic',
        'kafka-cluster:WriteData',
        'kafka-cluster:WriteDataIdempotently',
      ],
      resources: [inCluster('topic'), cluster.arn],
    },
    { actions: ['kafka-cluster:DescribeGroup'], resources: [inCluster('group')] },
  ]
  const mayConsume = [
    connect,
    { actions: ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'], resources: [inCluster('topic')] },
    { actions: ['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'], resources: [inCluster('group')] },
    {
      // The event source makes its network interfaces itself; these actions take no narrower resource.
      actions: [
        'ec2:CreateNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeVpcs',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeSubnets',
        'ec2:DescribeSecurityGroups',
      ],
      resources: ['*'],
    },
  ]
  return { mayProduce, mayConsume }
}
