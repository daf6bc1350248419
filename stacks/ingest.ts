import { EVENTS_TOPIC } from '../shared/contract/decklog.ts'
import { installed, pinned } from './installed.ts'
import type { Kafka } from './kafka.ts'
import type { Network } from './network.ts'
import type { Place } from './place.ts'
import { databaseUrls, identityKeys, periscopeSecrets, periscopeStores } from './secrets.ts'
import { serviceUrl } from './stage.ts'
import { logNumber } from './tiers.ts'

const BATCH_RECORDS_MAX = 5_000
const LISTENER_RECORDS_MAX = 500
const FEED_RECORDS_MAX = 1_000
const BATCH_WAIT_SECONDS = 1

const common = { runtime: 'nodejs24.x', architecture: 'arm64', timeout: '60 seconds' } as const

/** What reads a region's log, in that region as event sources do; all write to the one Postgres, ClickHouse and Signalman. */
export function createReaders({ region, named, opts }: Place, network: Network, kafka: Kafka) {
  /** Batches that failed for good, as the event source describes them; the records themselves stay in Kafka. */
  const failures = new sst.aws.Queue(named('IngestFailures'), {}, opts)
  const giveUp = { actions: ['sqs:SendMessage'], resources: [failures.arn] }
  const reader = { ...common, vpc: network }

  const periscopeIngest = new sst.aws.Function(
    named('PeriscopeIngest'),
    {
      ...reader,
      handler: 'functions/periscope-ingest/handler.handler',
      memory: '1024 MB',
      nodejs: { install: pinned(installed.kafka) },
      permissions: [...kafka.mayConsume, ...kafka.mayProduce, giveUp],
      link: periscopeSecrets,
      environment: { ...periscopeStores, KAFKA_CLUSTER_ARN: kafka.arn },
    },
    opts,
  )

  /** Tells tenants' webhooks what the events say. */
  const commodoreEvents = new sst.aws.Function(
    named('CommodoreEvents'),
    {
      ...reader,
      handler: 'functions/commodore/events/handler.handler',
      memory: '512 MB',
      permissions: [...kafka.mayConsume, giveUp],
      link: [databaseUrls.commodore],
    },
    opts,
  )

  /** Brings events to Signalman's hubs. */
  const signalmanFeed = new sst.aws.Function(
    named('SignalmanFeed'),
    {
      ...reader,
      handler: 'functions/signalman-feed/handler.handler',
      memory: '512 MB',
      permissions: [...kafka.mayConsume, giveUp],
      link: [identityKeys['signalman-feed']],
      environment: { SIGNALMAN_URL: serviceUrl('live'), LOG_NUMBER: String(logNumber(region)) },
    },
    opts,
  )

  const sources = [
    { name: 'IngestEvents', group: 'periscope-ingest', reads: periscopeIngest, batchSize: BATCH_RECORDS_MAX },
    { name: 'CommodoreEventsFeed', group: 'commodore-events', reads: commodoreEvents, batchSize: LISTENER_RECORDS_MAX },
    { name: 'SignalmanEvents', group: 'signalman-feed', reads: signalmanFeed, batchSize: FEED_RECORDS_MAX },
  ]
  for (const { name, group, reads, batchSize } of sources) {
    new aws.lambda.EventSourceMapping(
      named(name),
      {
        eventSourceArn: kafka.arn,
        functionName: reads.name,
        topics: [EVENTS_TOPIC],
        startingPosition: 'TRIM_HORIZON',
        batchSize,
        maximumBatchingWindowInSeconds: BATCH_WAIT_SECONDS,
        amazonManagedKafkaEventSourceConfig: { consumerGroupId: group },
        destinationConfig: { onFailure: { destinationArn: failures.arn } },
      },
      opts,
    )
  }
  return {
    failures,
    readers: { PeriscopeIngest: periscopeIngest, CommodoreEvents: commodoreEvents, SignalmanFeed: signalmanFeed },
  }
}
