import { api, centralFunctions } from './api.ts'
import { regional } from './regional.ts'

const MINUTE_SECONDS = 60
/** Records that a reader of the log may be behind for ten minutes: some minutes of a large platform. */
const LAG_RECORDS_MAX = 100_000
const SERVER_ERRORS_MAX = 5

const email = process.env.FRAMEWORKS_ALARM_EMAIL

/** An alarm has its metric and its topic in its own region. */
interface Watch {
  topic: aws.sns.Topic
  opts: { provider?: aws.Provider }
}

/** Whoever is to hear of a region's alarms subscribes here; `FRAMEWORKS_ALARM_EMAIL` is subscribed by the deployment. */
function openTopic(name: string, opts: Watch['opts'] = {}): Watch {
  const topic = new aws.sns.Topic(name, {}, opts)
  const to = { topic: topic.arn, protocol: 'email' }
  if (email) new aws.sns.TopicSubscription(`${name}Email`, { ...to, endpoint: email }, opts)
  return { topic, opts }
}

type Alarm = Pick<
  aws.cloudwatch.MetricAlarmArgs,
  'namespace' | 'metricName' | 'dimensions' | 'statistic' | 'threshold' | 'evaluationPeriods' | 'alarmDescription'
>

/** Nothing to measure is nothing wrong: a function that nobody calls has no errors. */
function alarm({ topic, opts }: Watch, name: string, args: Alarm): void {
  const how = {
    comparisonOperator: 'GreaterThanThreshold',
    treatMissingData: 'notBreaching',
    period: MINUTE_SECONDS,
    alarmActions: [topic.arn],
    okActions: [topic.arn],
  }
  new aws.cloudwatch.MetricAlarm(name, { ...how, ...args }, opts)
}

function watchErrors(watch: Watch, name: string, { name: FunctionName }: sst.aws.Function): void {
  alarm(watch, `${name}Errors`, {
    namespace: 'AWS/Lambda',
    metricName: 'Errors',
    dimensions: { FunctionName },
    statistic: 'Sum',
    threshold: 0,
    evaluationPeriods: 5,
    alarmDescription: `${name} has failed in each of five minutes: see its log group.`,
  })
}

for (const { place, decklog, readers, failures } of regional) {
  const watch = openTopic(place.named('Alarms'), place.opts)
  for (const [name, watched] of Object.entries({ Decklog: decklog, ...readers })) {
    watchErrors(watch, place.named(name), watched)
  }
  for (const [name, { name: FunctionName }] of Object.entries(readers)) {
    alarm(watch, `${place.named(name)}Lag`, {
      namespace: 'AWS/Lambda',
      metricName: 'OffsetLag',
      dimensions: { FunctionName },
      statistic: 'Maximum',
      threshold: LAG_RECORDS_MAX,
      evaluationPeriods: 10,
      alarmDescription: `${name} of ${place.region} is far behind the log; Kafka keeps seven days.`,
    })
  }
  alarm(watch, place.named('IngestFailuresWaiting'), {
    namespace: 'AWS/SQS',
    metricName: 'ApproximateNumberOfMessagesVisible',
    dimensions: { QueueName: failures.nodes.queue.name },
    statistic: 'Maximum',
    threshold: 0,
    evaluationPeriods: 1,
    alarmDescription: `A batch of the log of ${place.region} was given up: its place is in the queue, its records are in Kafka.`,
  })
}

const watch = openTopic('Alarms')
for (const [name, watched] of Object.entries(centralFunctions)) watchErrors(watch, name, watched)

alarm(watch, 'ApiServerErrors', {
  namespace: 'AWS/ApiGateway',
  metricName: '5xx',
  dimensions: { ApiId: api.nodes.api.id },
  statistic: 'Sum',
  threshold: SERVER_ERRORS_MAX,
  evaluationPeriods: 5,
  alarmDescription: 'The public API answers with 5xx: look at which service, by its own alarm and log.',
})
