import { api, functions } from './api.ts'
import { failures, readers } from './ingest.ts'

const MINUTE_SECONDS = 60
/** Records that a reader of the log may be behind for ten minutes: some minutes of a large platform. */
const LAG_RECORDS_MAX = 100_000
const SERVER_ERRORS_MAX = 5

/** Whoever is to hear of alarms subscribes here; `FRAMEWORKS_ALARM_EMAIL` is subscribed by the deployment. */
export const alarms = new aws.sns.Topic('Alarms')

const email = process.env.FRAMEWORKS_ALARM_EMAIL
if (email) new aws.sns.TopicSubscription('AlarmsEmail', { topic: alarms.arn, protocol: 'email', endpoint: email })

type Alarm = Pick<
  aws.cloudwatch.MetricAlarmArgs,
  'namespace' | 'metricName' | 'dimensions' | 'statistic' | 'threshold' | 'evaluationPeriods' | 'alarmDescription'
>

/** Nothing to measure is nothing wrong: a function that nobody calls has no errors. */
function alarm(name: string, args: Alarm): void {
  new aws.cloudwatch.MetricAlarm(name, {
    comparisonOperator: 'GreaterThanThreshold',
    treatMissingData: 'notBreaching',
    period: MINUTE_SECONDS,
    alarmActions: [alarms.arn],
    okActions: [alarms.arn],
    ...args,
  })
}

for (const [name, { name: FunctionName }] of Object.entries({ ...functions, ...readers })) {
  alarm(`${name}Errors`, {
    namespace: 'AWS/Lambda',
    metricName: 'Errors',
    dimensions: { FunctionName },
    statistic: 'Sum',
    threshold: 0,
    evaluationPeriods: 5,
    alarmDescription: `${name} has failed in each of five minutes: see its log group.`,
  })
}

for (const [name, { name: FunctionName }] of Object.entries(readers)) {
  alarm(`${name}Lag`, {
    namespace: 'AWS/Lambda',
    metricName: 'OffsetLag',
    dimensions: { FunctionName },
    statistic: 'Maximum',
    threshold: LAG_RECORDS_MAX,
    evaluationPeriods: 10,
    alarmDescription: `${name} is far behind the log; Kafka keeps seven days.`,
  })
}

alarm('IngestFailuresWaiting', {
  namespace: 'AWS/SQS',
  metricName: 'ApproximateNumberOfMessagesVisible',
  dimensions: { QueueName: failures.nodes.queue.name },
  statistic: 'Maximum',
  threshold: 0,
  evaluationPeriods: 1,
  alarmDescription: 'A batch of the log was given up: its place is in the queue, its records are in Kafka.',
})

alarm('ApiServerErrors', {
  namespace: 'AWS/ApiGateway',
  metricName: '5xx',
  dimensions: { ApiId: api.nodes.api.id },
  statistic: 'Sum',
  threshold: SERVER_ERRORS_MAX,
  evaluationPeriods: 5,
  alarmDescription: 'The public API answers with 5xx: look at which service, by its own alarm and log.',
})
