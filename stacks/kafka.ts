import { network } from './network.ts'

const brokers = new aws.ec2.SecurityGroup('Brokers', {
  vpcId: network.id,
  description: 'Kafka over TLS with IAM, from inside the network only',
  ingress: [{ protocol: 'tcp', fromPort: 9098, toPort: 9098, cidrBlocks: [network.nodes.vpc.cidrBlock] }],
  egress: [{ protocol: '-1', fromPort: 0, toPort: 0, cidrBlocks: ['0.0.0.0/0'] }],
})

export const kafka = new aws.msk.ServerlessCluster('Events', {
  clusterName: `frameworks-${$app.stage}`,
  clientAuthentication: { sasl: { iam: { enabled: true } } },
  vpcConfigs: [{ subnetIds: network.privateSubnets, securityGroupIds: [brokers.id] }],
})

/** Topics and groups of this cluster only: what a client of it may name. */
const inCluster = (kind: 'topic' | 'group') => kafka.arn.apply((arn) => `${arn.replace(':cluster/', `:${kind}/`)}/*`)

const connect = {
  actions: ['kafka:GetBootstrapBrokers', 'kafka:DescribeClusterV2', 'kafka-cluster:Connect'],
  resources: [kafka.arn],
}

export const mayProduce = [
  connect,
  {
    actions: [
      'kafka-cluster:CreateTopic',
      'kafka-cluster:DescribeTopic',
      'kafka-cluster:WriteData',
      'kafka-cluster:WriteDataIdempotently',
    ],
    resources: [inCluster('topic'), kafka.arn],
  },
  { actions: ['kafka-cluster:DescribeGroup'], resources: [inCluster('group')] },
]

export const mayConsume = [
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
