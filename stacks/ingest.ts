import { EVENTS_TOPIC } from '../shared/contract/decklog.ts'
import { installed } from './installed.ts'
import { kafka, mayConsume, mayProduce } from './kafka.ts'
import { network } from './network.ts'
import { databaseUrls, identityKeys, periscopeSecrets, periscopeStores } from './secrets.ts'
import { serviceUrl } from './stage.ts'

const BATCH_RECORDS_MAX = 5_000
const LISTENER_RECORDS_MAX = 500
const FEED_RECORDS_MAX = 1_000
const BATCH_WAIT_SECONDS = 1

/** Batches that failed for good, as the event source describes them; the records themselves stay in Kafka. */
export const failures = new sst.aws.Queue('IngestFailures')

const periscopeIngest = new sst.aws.Function('PeriscopeIngest', {
  handler: 'functions/periscope-ingest/handler.handler',
  runtime: 'nodejs24.x',
  architecture: 'arm64',
  memory: '1024 MB',
  nodejs: { install: [...installed.kafka] },
  timeout: '60 seconds',
  vpc: network,
  permissions: [...mayConsume, ...mayProduce, { actions: ['sqs:SendMessage'], resources: [failures.arn] }],
  link: periscopeSecrets,
  environment: { ...periscopeStores, KAFKA_CLUSTER_ARN: kafka.arn },
})

/** Tells tenants' webhooks what the events say. */
const commodoreEvents = new sst.aws.Function('CommodoreEvents', {
  handler: 'functions/commodore/events/handler.handler',
  runtime: 'nodejs24.x',
  architecture: 'arm64',
  memory: '512 MB',
  timeout: '60 seconds',
  vpc: network,
  permissions: [...mayConsume, { actions: ['sqs:SendMessage'], resources: [failures.arn] }],
  link: [databaseUrls.commodore],
})

/** Brings events to Signalman's hubs. */
const signalmanFeed = new sst.aws.Function('SignalmanFeed', {
  handler: 'functions/signalman-feed/handler.handler',
  runtime: 'nodejs24.x',
  architecture: 'arm64',
  memory: '512 MB',
  timeout: '60 seconds',
  vpc: network,
  permissions: [...mayConsume, { actions: ['sqs:SendMessage'], resources: [failures.arn] }],
  link: [identityKeys['signalman-feed']],
  environment: { SIGNALMAN_URL: serviceUrl('live') },
})

const sources = [
  { name: 'IngestEvents', group: 'periscope-ingest', function: periscopeIngest, batchSize: BATCH_RECORDS_MAX },
  {
    name: 'CommodoreEventsFeed',
    group: 'commodore-events',
    function: commodoreEvents,
    batchSize: LISTENER_RECORDS_MAX,
  },
  { name: 'SignalmanEvents', group: 'signalman-feed', function: signalmanFeed, batchSize: FEED_RECORDS_MAX },
]

for (const { name, group, function: reader, batchSize } of sources) {
  new aws.lambda.EventSourceMapping(name, {
    eventSourceArn: kafka.arn,
    functionName: reader.name,
    topics: [EVENTS_TOPIC],
    startingPosition: 'TRIM_HORIZON',
    batchSize,
    maximumBatchingWindowInSeconds: BATCH_WAIT_SECONDS,
    amazonManagedKafkaEventSourceConfig: { consumerGroupId: group },
    destinationConfig: { onFailure: { destinationArn: failures.arn } },
  })
}

/** The functions that Kafka feeds. */
export const readers = { periscopeIngest, commodoreEvents, signalmanFeed }
