import { FIGURES_NAMESPACE, toldBy } from '../shared/metrics/figures.ts'
import { api, centralFunctions } from './api.ts'
import { regional } from './regional.ts'
import { tiers } from './stage.ts'

const PERIOD_SECONDS = 60
/** CloudWatch's own grid has 24 columns. */
const WIDGETS_IN_A_ROW = 3
const WIDTH = 24 / WIDGETS_IN_A_ROW
const HEIGHT = 6

type Metric = (string | { [option: string]: string })[]

interface Chart {
  title: string
  region: string
  stat: string
  metrics: $util.Input<Metric>[]
}

/** The same of each function. */
function ofFunctions(metric: string, functions: Record<string, { name: $util.Input<string> }>): $util.Input<Metric>[] {
  return Object.entries(functions).map(([label, { name }]) =>
    $util.output(name).apply((FunctionName) => ['AWS/Lambda', metric, 'FunctionName', FunctionName, { label }]),
  )
}

function ofApi(metric: string): $util.Input<Metric> {
  return api.nodes.api.id.apply((id) => ['AWS/ApiGateway', metric, 'ApiId', id])
}

function functionCharts(region: string, functions: Parameters<typeof ofFunctions>[1]): Chart[] {
  return [
    { title: `Errors, ${region}`, region, stat: 'Sum', metrics: ofFunctions('Errors', functions) },
    { title: `Duration (ms, p95), ${region}`, region, stat: 'p95', metrics: ofFunctions('Duration', functions) },
    { title: `Throttles, ${region}`, region, stat: 'Sum', metrics: ofFunctions('Throttles', functions) },
  ]
}

function figureCharts(region: string, services: (keyof typeof toldBy)[]): Chart[] {
  return services.flatMap((service) =>
    toldBy[service].map((figure) => ({
      title: `${figure} of ${service}, ${region}`,
      region,
      stat: 'Maximum',
      metrics: [[FIGURES_NAMESPACE, figure, 'service', service, 'stage', $app.stage]],
    })),
  )
}

const central = tiers.central
const charts: Chart[] = [
  { title: 'Public API: calls', region: central, stat: 'Sum', metrics: [ofApi('Count'), ofApi('4xx'), ofApi('5xx')] },
  { title: 'Public API: latency (ms, p95)', region: central, stat: 'p95', metrics: [ofApi('Latency')] },
  ...figureCharts(central, ['commodore', 'quartermaster', 'periscope-query']),
  ...functionCharts(central, centralFunctions),
  ...regional.flatMap(({ place: { region }, functions, readers, failures }) => [
    ...functionCharts(region, { ...functions, ...readers }),
    { title: `Lag (records), ${region}`, region, stat: 'Maximum', metrics: ofFunctions('OffsetLag', readers) },
    {
      title: `Batches given up, ${region}`,
      region,
      stat: 'Maximum',
      metrics: [
        failures.nodes.queue.name.apply((queue): Metric => {
          return ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', queue]
        }),
      ],
    },
    ...figureCharts(region, ['periscope-ingest']),
  ]),
]

new aws.cloudwatch.Dashboard('Dashboard', {
  dashboardName: `frameworks-${$app.stage}`,
  dashboardBody: $jsonStringify({
    widgets: charts.map(({ title, region, stat, metrics }, at) => ({
      type: 'metric',
      x: (at % WIDGETS_IN_A_ROW) * WIDTH,
      y: Math.floor(at / WIDGETS_IN_A_ROW) * HEIGHT,
      width: WIDTH,
      height: HEIGHT,
      properties: { title, region, stat, period: PERIOD_SECONDS, metrics, view: 'timeSeries' },
    })),
  }),
})
