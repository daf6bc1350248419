import { FIGURES_NAMESPACE, type Teller, type toldBy } from '../shared/metrics/figures.ts'
import { api, centralFunctions } from './api.ts'
import { regional } from './regional.ts'

const MINUTE_SECONDS = 60
/** Records that a reader of the log may be behind for ten minutes: some minutes of a large platform. */
const LAG_RECORDS_MAX = 100_000
const SERVER_ERRORS_MAX = 5
const OUTBOX_OVERDUE_SECONDS_MAX = 5 * 60
/** Hosts are marked each minute or so, and readers may take a minute. */
const JOURNAL_AGE_SECONDS_MAX = 10 * 60
/** Later than this, live pages and what analytics show are wrong enough to be noticed. */
const INGEST_AGE_SECONDS_MAX = 5 * 60

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

type Told = 'namespace' | 'metricName' | 'dimensions' | 'statistic'

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

function watchErrors(watch: Watch, name: string, { name: FunctionName }: Pick<sst.aws.Function, 'name'>): void {
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

for (const { place, functions, readers, failures } of regional) {
  const watch = openTopic(place.named('Alarms'), place.opts)
  for (const [name, watched] of Object.entries({ ...functions, ...readers })) {
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
  watchFigure(
    watch,
    place.named('IngestAge'),
    { service: 'periscope-ingest', figure: 'IngestAge' },
    {
      threshold: INGEST_AGE_SECONDS_MAX,
      evaluationPeriods: 5,
      alarmDescription: `What Periscope Ingest stores in ${place.region} is old: it is behind, or hosts ship late.`,
    },
  )
  watchFigure(
    watch,
    place.named('DeadLetters'),
    { service: 'periscope-ingest', figure: 'DeadLetters' },
    {
      threshold: 0,
      evaluationPeriods: 1,
      alarmDescription: `Events of ${place.region} could not be stored: npm run dead-letters -- list.`,
    },
  )
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

/** What our own functions tell, in their logs; `service` as they call themselves. */
function watchFigure<S extends Teller>(
  watch: Watch,
  name: string,
  told: { service: S; figure: (typeof toldBy)[S][number] },
  rest: Omit<Alarm, Told>,
): void {
  const dimensions = { service: told.service, stage: $app.stage }
  const of = { namespace: FIGURES_NAMESPACE, metricName: told.figure, dimensions }
  alarm(watch, name, { ...of, statistic: 'Maximum', ...rest })
}

const watch = openTopic('Alarms')
for (const [name, watched] of Object.entries(centralFunctions)) watchErrors(watch, name, watched)

for (const service of ['commodore', 'quartermaster'] as const) {
  watchFigure(
    watch,
    `${service}OutboxOverdue`,
    { service, figure: 'OutboxOverdue' },
    {
      threshold: OUTBOX_OVERDUE_SECONDS_MAX,
      evaluationPeriods: 3,
      alarmDescription: `What ${service} has to tell others does not get out: mail, webhooks, events. See its jobs' log.`,
    },
  )
}

watchFigure(
  watch,
  'HostsSilent',
  { service: 'periscope-query', figure: 'HostsSilent' },
  {
    threshold: 0,
    evaluationPeriods: 3,
    alarmDescription:
      'Nothing came of a media host for five minutes: GET /nodes says which. It ends an hour after the host’s last event.',
  },
)

watchFigure(
  watch,
  'JournalAge',
  { service: 'periscope-query', figure: 'JournalAge' },
  {
    threshold: JOURNAL_AGE_SECONDS_MAX,
    evaluationPeriods: 5,
    alarmDescription: 'A media host ships, but is behind with its journal, or a part of its region’s log is not read.',
  },
)

alarm(watch, 'ApiServerErrors', {
  namespace: 'AWS/ApiGateway',
  metricName: '5xx',
  dimensions: { ApiId: api.nodes.api.id },
  statistic: 'Sum',
  threshold: SERVER_ERRORS_MAX,
  evaluationPeriods: 5,
  alarmDescription: 'The public API answers with 5xx: look at which service, by its own alarm and log.',
})
