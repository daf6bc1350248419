import { common, JOBS_FUNCTION_TIMEOUT } from './function.ts'
import { installed, pinned } from './installed.ts'
import type { Kafka } from './kafka.ts'
import type { Network } from './network.ts'
import type { Place } from './place.ts'
import { identityKeys } from './secrets.ts'
import { decklogHost, registered, serviceUrl } from './stage.ts'

/** A region's Decklog, at a host of its own that media hosts near it call. */
export function createDecklog({ region, named, opts }: Place, network: Network, kafka: Kafka) {
  const host = decklogHost(region)
  const args = {
    ...common,
    nodejs: { install: pinned(installed.kafka) },
    vpc: network,
    permissions: kafka.mayProduce,
    link: [identityKeys.decklog],
    environment: {
      ...registered(`https://${host}`, `${$app.stage}-${region}`),
      COMMODORE_URL: serviceUrl('commodore'),
      QUARTERMASTER_URL: serviceUrl('quartermaster'),
      KAFKA_CLUSTER_ARN: kafka.arn,
    },
  }
  const decklog = new sst.aws.Function(
    named('Decklog'),
    { ...args, handler: 'functions/decklog/handler.handler' },
    opts,
  )
  const jobs = new sst.aws.CronV2(
    named('DecklogJobs'),
    {
      schedule: 'rate(1 minute)',
      function: { ...args, handler: 'functions/decklog/handler.jobs', timeout: JOBS_FUNCTION_TIMEOUT },
    },
    opts,
  )
  const own = new sst.aws.ApiGatewayV2(named('DecklogApi'), { domain: { name: host, dns: sst.cloudflare.dns() } }, opts)
  own.route('$default', decklog.arn)
  return { Decklog: decklog, DecklogJobs: jobs.nodes.function }
}
