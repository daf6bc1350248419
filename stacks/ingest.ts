import { EVENTS_TOPIC } from '../shared/contract/decklog.ts'
import { kafka, mayConsume, mayProduce } from './kafka.ts'
import { network } from './network.ts'
import { periscopeStores } from './secrets.ts'

const BATCH_RECORDS_MAX = 5_000
const BATCH_WAIT_SECONDS = 1

/** Batches that failed for good, as the event source describes them; the records themselves stay in Kafka. */
const failures = new sst.aws.Queue('IngestFailures')

export const periscopeIngest = new sst.aws.Function('PeriscopeIngest', {
  handler: 'functions/periscope-ingest/handler.handler',
  runtime: 'nodejs24.x',
  architecture: 'arm64',
  memory: '1024 MB',
  timeout: '60 seconds',
  vpc: network,
  permissions: [...mayConsume, ...mayProduce, { actions: ['sqs:SendMessage'], resources: [failures.arn] }],
  environment: {
    ...periscopeStores,
    KAFKA_CLUSTER_ARN: kafka.arn,
  },
})

new aws.lambda.EventSourceMapping('IngestEvents', {
  eventSourceArn: kafka.arn,
  functionName: periscopeIngest.name,
  topics: [EVENTS_TOPIC],
  startingPosition: 'TRIM_HORIZON',
  batchSize: BATCH_RECORDS_MAX,
  maximumBatchingWindowInSeconds: BATCH_WAIT_SECONDS,
  amazonManagedKafkaEventSourceConfig: { consumerGroupId: 'periscope-ingest' },
  destinationConfig: { onFailure: { destinationArn: failures.arn } },
})
