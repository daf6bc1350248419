import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { RATE_PERIOD_SECONDS } from '../shared/http/rate-limit.ts'
import { FIGURES_NAMESPACE, toldBy } from '../shared/metrics/figures.ts'
import { COMPATIBILITY_DATE, LIVE_CALLS_PER_MINUTE_MAX, VIEWER_CALLS_PER_MINUTE_MAX } from './edge-workers.ts'
import { routes } from './routes.ts'
import { type Evaluation, evaluate } from './testing/evaluate.ts'

const EVALUATION_TIMEOUT_MS = 180_000
const ROOT = new URL('../', import.meta.url)

let prod: Evaluation
beforeAll(async () => {
  prod = await evaluate({ stage: 'prod' })
}, EVALUATION_TIMEOUT_MS)

const ofType = (type: string) => prod.resources.filter((resource) => resource.type === type)
const Build = z.looseObject({
  handler: z.string(),
  functionID: z.string(),
  links: z.record(z.string(), z.unknown()),
})
const builds = () => prod.builds.map((build) => Build.parse(build))

test('everything that is built is there, and exports what is called', async () => {
  const handlers = builds().map(({ handler }) => handler)
  expect(handlers.length).toBeGreaterThan(10)
  for (const handler of handlers) {
    if (handler.endsWith('/worker.ts')) {
      expect(await readFile(new URL(handler, ROOT), 'utf8')).toContain('export default')
      continue
    }
    const [, file = '', name = ''] = /^(.*)\.(\w+)$/.exec(handler) ?? []
    expect(await readFile(new URL(`${file}.ts`, ROOT), 'utf8'), handler).toMatch(
      new RegExp(`^export const ${name}\\b`, 'm'),
    )
  }
})

test('what cannot be bundled lies beside just the functions that need it, in the version that is tested', async () => {
  const { dependencies } = z
    .looseObject({ dependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(await readFile(new URL('package.json', ROOT), 'utf8')))
  const [argon2, kafka] = ['@node-rs/argon2', '@platformatic/kafka'].map((name) => ({ [name]: dependencies[name] }))
  const Properties = z.looseObject({ install: z.record(z.string(), z.string()).default({}) })
  const beside = builds().flatMap(({ handler, properties }) =>
    handler.endsWith('/worker.ts') ? [] : [[handler, Properties.parse(properties).install]],
  )
  expect(Object.fromEntries(beside)).toEqual({
    'functions/commodore/handler.handler': argon2,
    'functions/commodore/handler.jobs': argon2,
    'functions/commodore/events/handler.handler': {},
    'functions/quartermaster/handler.handler': {},
    'functions/quartermaster/handler.jobs': {},
    'functions/periscope-query/handler.handler': {},
    'functions/periscope-query/handler.jobs': {},
    'functions/decklog/handler.handler': kafka,
    'functions/decklog/handler.jobs': kafka,
    'functions/periscope-ingest/handler.handler': kafka,
    'functions/signalman-feed/handler.handler': {},
  })
})

describe('routes', () => {
  const Route = z.looseObject({ apiId: z.string(), routeKey: z.string(), authorizationType: z.string().optional() })
  const keysOf = (api: string) =>
    ofType('aws:apigatewayv2/route:Route').flatMap(({ inputs }) => {
      const { apiId, routeKey } = Route.parse(inputs)
      return apiId.startsWith(`${api}Api-`) ? [routeKey] : []
    })

  test('each public path of a function has one, and there are no others', () => {
    const wanted = routes.flatMap(({ path, service, methods = ['ANY'] }) => {
      if (service === 'foghorn') return []
      const named = path.replaceAll(/\/\*(?=\/|$)/g, '/{id}')
      const paths = named.endsWith('/**') ? [named.slice(0, -3), `${named.slice(0, -3)}/{proxy+}`] : [named]
      return paths.flatMap((one) => methods.map((method) => `${method} ${one}`))
    })
    expect(keysOf('Api').sort()).toEqual(wanted.sort())
  })

  test('each service has a host of its own for what is not public', () => {
    for (const api of ['CommodoreApi', 'QuartermasterApi', 'PeriscopeQueryApi', 'DecklogApi', 'DecklogApiEuWest1']) {
      expect(keysOf(api), api).toEqual(['$default'])
    }
  })

  test('no function is called but by API Gateway and the scheduler', () => {
    const Permission = z.looseObject({ principal: z.string(), sourceArn: z.string().optional() })
    const permissions = ofType('aws:lambda/permission:Permission').map(({ inputs }) => Permission.parse(inputs))
    expect(permissions.length).toBeGreaterThan(routes.length / 2)
    expect(new Set(permissions.map(({ principal }) => principal))).toEqual(new Set(['apigateway.amazonaws.com']))
    for (const { sourceArn } of permissions) expect(sourceArn).toBeTruthy()
    expect(ofType('aws:lambda/functionUrl:FunctionUrl')).toEqual([])
  })
})

describe('privileges', () => {
  /** What takes no narrower resource, and why. */
  const unbounded: Record<string, string> = {
    'ec2:CreateNetworkInterface':
      'an event source makes its network interfaces itself; these take no narrower resource',
    'ec2:DescribeNetworkInterfaces': 'the same',
    'ec2:DescribeVpcs': 'the same',
    'ec2:DeleteNetworkInterface': 'the same',
    'ec2:DescribeSubnets': 'the same',
    'ec2:DescribeSecurityGroups': 'the same',
  }
  const Statement = z.looseObject({ actions: z.array(z.string()), resources: z.array(z.string()) })
  const Role = z.object({
    inlinePolicies: z.array(z.looseObject({ policy: z.string() })).default([]),
    managedPolicyArns: z.array(z.string()).default([]),
  })
  const roles = () => ofType('aws:iam/role:Role').map(({ name, inputs }) => ({ name, ...Role.parse(inputs) }))
  const statements = () =>
    roles().flatMap(({ name, inlinePolicies }) =>
      inlinePolicies.flatMap(({ policy }) =>
        z
          .array(Statement)
          .parse(JSON.parse(policy).Statement)
          .map((statement) => ({ name, ...statement })),
      ),
    )

  test('no action and no resource is unbounded without a reason', () => {
    expect(statements().length).toBeGreaterThan(10)
    for (const { name, actions, resources } of statements()) {
      for (const action of actions) {
        expect(action, name).not.toContain('*')
        if (resources.includes('*')) expect(unbounded[action], `${name} may ${action} on everything`).toBeTruthy()
      }
    }
  })

  test('the clouds’ own policies are those of logs and of the network', () => {
    const managed = new Set(roles().flatMap(({ managedPolicyArns }) => managedPolicyArns))
    expect([...managed].map((arn) => arn.split('/').at(-1)).sort()).toEqual([
      'AWSLambdaBasicExecutionRole',
      'AWSLambdaVPCAccessExecutionRole',
    ])
  })

  test('who only reads the log may not write to it', () => {
    for (const role of ['CommodoreEventsEuWest1Role', 'SignalmanFeedEuWest1Role']) {
      const may = statements().flatMap(({ name, actions }) => (name === role ? actions : []))
      expect(may, role).toContain('kafka-cluster:ReadData')
      expect(may, role).not.toContain('kafka-cluster:WriteData')
    }
  })
})

describe('secrets', () => {
  test('come by link alone: no variable, binding or tag holds one', () => {
    const told = prod.resources.filter(({ type }) => !type.startsWith('sst:'))
    const spilt = told.flatMap(({ type, name, inputs }) => {
      const text = JSON.stringify(withoutBoundSecrets(inputs))
      return [...text.matchAll(/value-of-(\w+)/g)].map(([, secret]) => `${type} ${name}: ${secret}`)
    })
    expect(spilt).toEqual([])
  })

  test('are linked to whoever reads them, and to nobody else', async () => {
    const all = new Set(
      (await readFile(new URL('secrets.ts', import.meta.url), 'utf8')).match(/(?<=sst\.Secret\(')\w+/g),
    )
    expect(all.size).toBeGreaterThan(8)
    for (const { handler, links } of builds()) {
      const file = handler.endsWith('/worker.ts')
        ? handler.replace('worker.ts', 'config.ts')
        : handler.replace(/\.\w+$/, '.ts')
      const text = await readFile(new URL(file, ROOT), 'utf8')
      const read = [...all].filter((secret) => text.includes(`'${secret}'`))
      if (!handler.endsWith('/worker.ts')) {
        expect(
          Object.keys(links)
            .filter((link) => all.has(link))
            .sort(),
          handler,
        ).toEqual(read.sort())
      }
      expect(read.length, handler).toBeGreaterThan(0)
    }
  })

  /** Cloudflare keeps bindings of this type as secrets. */
  function withoutBoundSecrets(inputs: object): object {
    return JSON.parse(JSON.stringify(inputs), (_, value) => (value?.type === 'secret_text' ? null : value))
  }
})

describe('event sources', () => {
  const Mapping = z.looseObject({
    topics: z.array(z.string()),
    startingPosition: z.string(),
    destinationConfig: z.looseObject({ onFailure: z.looseObject({ destinationArn: z.string() }) }),
    amazonManagedKafkaEventSourceConfig: z.looseObject({ consumerGroupId: z.string() }),
  })

  test('each has a failure destination and a group of its own', () => {
    const mappings = ofType('aws:lambda/eventSourceMapping:EventSourceMapping').map(({ inputs }) =>
      Mapping.parse(inputs),
    )
    const groups = mappings.map(({ amazonManagedKafkaEventSourceConfig: { consumerGroupId } }) => consumerGroupId)
    expect(groups.sort()).toEqual(['commodore-events', 'periscope-ingest', 'signalman-feed'])
    for (const { destinationConfig } of mappings) {
      expect(destinationConfig.onFailure.destinationArn).toMatch(/^arn:aws:sqs:/)
    }
  })

  test('what services do by the clock is called each minute: outboxes, sweeps, registrations', () => {
    const Schedule = z.looseObject({
      scheduleExpression: z.string(),
      state: z.literal('ENABLED'),
      target: z.looseObject({ arn: z.string() }),
    })
    const schedules = ofType('aws:scheduler/schedule:Schedule').map(({ inputs }) => Schedule.parse(inputs))
    for (const { scheduleExpression } of schedules) expect(scheduleExpression).toBe('rate(1 minute)')
    const called = schedules.map(({ target }) =>
      target.arn
        .split(':')
        .at(-1)
        ?.replace(/Function$/, ''),
    )
    const wanted = builds().flatMap(({ handler, functionID }) => (handler.endsWith('.jobs') ? [functionID] : []))
    expect(called.sort()).toEqual(wanted.sort())
    // Rollups are a job of Periscope Query, and retention is ClickHouse's own.
    expect(wanted).toHaveLength(4)
  })

  test('every handler that has jobs is called by the clock', async () => {
    const handlers = builds().map(({ handler }) => handler)
    const files = new Set(
      handlers.filter((handler) => !handler.endsWith('.ts')).map((handler) => handler.replace(/\.\w+$/, '')),
    )
    for (const file of files) {
      const text = await readFile(new URL(`${file}.ts`, ROOT), 'utf8')
      expect(handlers.includes(`${file}.jobs`), file).toBe(/^export const jobs\b/m.test(text))
    }
  })
})

const Alarm = z.looseObject({
  namespace: z.string(),
  metricName: z.string(),
  dimensions: z.record(z.string(), z.string()),
  alarmActions: z.array(z.string()).min(1),
})
const alarms = () => ofType('aws:cloudwatch/metricAlarm:MetricAlarm').map(({ inputs }) => Alarm.parse(inputs))

test('what our own functions tell has an alarm and a chart each, and neither waits for what nobody tells', () => {
  const told = Object.entries(toldBy).flatMap(([service, names]) => names.map((name) => `${name} ${service} prod`))
  const awaited = alarms()
    .filter(({ namespace }) => namespace === FIGURES_NAMESPACE)
    .map(({ metricName, dimensions: { service, stage } }) => `${metricName} ${service} ${stage}`)
  expect(awaited.sort()).toEqual(told.sort())
  const charted = charts().flatMap(({ metrics }) =>
    metrics.flatMap(([namespace, metric, , service, , stage]) =>
      namespace === FIGURES_NAMESPACE ? [`${metric} ${service} ${stage}`] : [],
    ),
  )
  expect(charted.sort()).toEqual(told.sort())
})

const Charts = z.object({
  widgets: z.array(
    z.object({
      x: z.number(),
      y: z.number(),
      properties: z.looseObject({ region: z.string(), metrics: z.array(z.array(z.unknown())).min(1) }),
    }),
  ),
})
const charts = () =>
  ofType('aws:cloudwatch/dashboard:Dashboard').flatMap(({ inputs }) => {
    const { widgets } = Charts.parse(
      JSON.parse(z.looseObject({ dashboardBody: z.string() }).parse(inputs).dashboardBody),
    )
    expect(new Set(widgets.map(({ x, y }) => `${x} ${y}`)).size).toBe(widgets.length)
    return widgets.map(({ properties }) => properties)
  })

test('the dashboard shows every function, the log’s readers, the queue and the API, where they are', () => {
  const shown = charts().flatMap(({ region, metrics }) =>
    metrics.map(([namespace, metric, dimension, of]) => {
      expect([region, typeof of]).toEqual(['eu-west-1', 'string'])
      return `${namespace} ${metric} ${dimension}`
    }),
  )
  const count = (name: string) => shown.filter((metric) => metric === name).length
  const functions = builds().filter(({ handler }) => !handler.endsWith('/worker.ts')).length
  for (const metric of ['Errors', 'Duration', 'Throttles']) {
    expect(count(`AWS/Lambda ${metric} FunctionName`), metric).toBe(functions)
  }
  expect(count('AWS/Lambda OffsetLag FunctionName')).toBe(3)
  expect(count('AWS/SQS ApproximateNumberOfMessagesVisible QueueName')).toBe(1)
  for (const metric of ['Count', '4xx', '5xx', 'Latency']) expect(count(`AWS/ApiGateway ${metric} ApiId`)).toBe(1)
})

test('what fails, falls behind or is given up wakes somebody', () => {
  const metrics = alarms().map(({ metricName }) => metricName)
  const count = (name: string) => metrics.filter((metric) => metric === name).length
  const mappings = ofType('aws:lambda/eventSourceMapping:EventSourceMapping').length
  expect(count('Errors')).toBe(builds().filter(({ handler }) => !handler.endsWith('/worker.ts')).length)
  expect(count('OffsetLag')).toBe(mappings)
  expect([count('ApproximateNumberOfMessagesVisible'), count('5xx')]).toEqual([1, 1])
})

test('edge workers run by the date that tests run them by, without Node’s modules', () => {
  const Script = z.looseObject({
    compatibilityDate: z.string(),
    compatibilityFlags: z.array(z.string()),
    migrations: z.looseObject({}),
  })
  const scripts = ofType('cloudflare:index/workersScript:WorkersScript').map(({ inputs }) => Script.parse(inputs))
  expect(scripts).toHaveLength(2)
  for (const { compatibilityDate, compatibilityFlags, migrations } of scripts) {
    expect([compatibilityDate, compatibilityFlags]).toEqual([COMPATIBILITY_DATE, []])
    expect(JSON.stringify(migrations)).toContain('newSqliteClasses')
  }
})

test('each edge worker counts calls of an address, by a number of its own', () => {
  const Script = z.looseObject({ bindings: z.array(z.looseObject({ type: z.string(), name: z.string() })) })
  const limits = ofType('cloudflare:index/workersScript:WorkersScript').flatMap(({ inputs }) =>
    Script.parse(inputs).bindings.filter(({ type }) => type === 'ratelimit'),
  )
  const simple = (limit: number) => ({ limit, period: RATE_PERIOD_SECONDS })
  expect(limits.sort((a, b) => a.name.localeCompare(b.name))).toMatchObject([
    { name: 'LIVE_CALLS', simple: simple(LIVE_CALLS_PER_MINUTE_MAX) },
    { name: 'VIEWER_CALLS', simple: simple(VIEWER_CALLS_PER_MINUTE_MAX) },
  ])
  expect(new Set(limits.map(({ namespaceId }) => namespaceId)).size).toBe(2)
})

test(
  'production is protected and keeps what it has; other stages go as they came',
  async () => {
    const log = { type: 'aws:msk/serverlessCluster:ServerlessCluster', name: 'EventsEuWest1' }
    const network = { type: 'aws:ec2/vpc:Vpc', name: 'NetworkEuWest1Vpc' }
    expect(prod.app).toMatchObject({ protect: true, removal: 'retain' })
    expect(prod.resources).toContainEqual(expect.objectContaining({ ...log, protect: true }))
    expect(prod.resources).toContainEqual(expect.objectContaining({ ...network, retain: true }))
    const { app, resources } = await evaluate({ stage: 'review' })
    expect(app).toMatchObject({ protect: false, removal: 'remove' })
    expect(resources.length).toBeGreaterThan(100)
    expect(resources).toContainEqual(expect.objectContaining({ ...network, retain: false }))
    expect(resources.filter(({ protect }) => protect)).toEqual([])
  },
  EVALUATION_TIMEOUT_MS,
)
