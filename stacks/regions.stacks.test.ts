import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Evaluation, evaluate } from './testing/evaluate.ts'
import { inName, type Region } from './tiers.ts'

const EVALUATION_TIMEOUT_MS = 180_000

const Named = z.looseObject({ name: z.string() })
const Mapping = z.looseObject({
  eventSourceArn: z.string(),
  destinationConfig: z.looseObject({ onFailure: z.looseObject({ destinationArn: z.string() }) }),
  amazonManagedKafkaEventSourceConfig: z.looseObject({ consumerGroupId: z.string() }),
})
const Alarm = z.looseObject({ metricName: z.string(), alarmActions: z.array(z.string()).min(1) })
const Variables = z.looseObject({ environment: z.looseObject({ variables: z.record(z.string(), z.string()) }) })
const Domain = z.looseObject({
  domainName: z.string(),
  domainNameConfiguration: z.looseObject({ certificateArn: z.string() }),
})

describe.each<{ regions: [Region, ...Region[]] }>([
  { regions: ['eu-west-1'] },
  { regions: ['eu-west-1', 'us-east-1', 'ap-southeast-1'] },
])('with $regions', ({ regions }) => {
  let stage: Evaluation
  beforeAll(async () => {
    stage = await evaluate({ stage: 'prod', regions })
  }, EVALUATION_TIMEOUT_MS)

  const made = (type: string, region: Region) =>
    stage.resources.filter((resource) => resource.type === type && resource.region === region)
  /** Functions of a region's own, by name without it. */
  const functionsOf = (region: Region) =>
    made('aws:lambda/function:Function', region).flatMap(({ name, inputs }) =>
      name.includes(inName(region)) ? [{ name: name.replace(inName(region), ''), inputs }] : [],
    )

  test('every region has a network, a log, and the functions around it', () => {
    for (const region of regions) {
      for (const type of ['aws:ec2/vpc:Vpc', 'aws:msk/serverlessCluster:ServerlessCluster', 'aws:sqs/queue:Queue']) {
        expect(made(type, region), `${type} in ${region}`).toHaveLength(1)
      }
      const names = functionsOf(region).map(({ name }) => name)
      expect(names.sort()).toEqual([
        ...['CommodoreEventsFunction', 'DecklogFunction', 'DecklogJobsHandlerFunction'],
        ...['PeriscopeIngestFunction', 'SignalmanFeedFunction'],
      ])
    }
  })

  test('every region’s events are read in it by each group, and what is given up is kept there', () => {
    for (const region of regions) {
      const mappings = made('aws:lambda/eventSourceMapping:EventSourceMapping', region).map(({ inputs }) =>
        Mapping.parse(inputs),
      )
      const groups = mappings.map((mapping) => mapping.amazonManagedKafkaEventSourceConfig.consumerGroupId)
      expect(groups.sort()).toEqual(['commodore-events', 'periscope-ingest', 'signalman-feed'])
      for (const { eventSourceArn, destinationConfig } of mappings) {
        expect(eventSourceArn).toMatch(`:msk:${region}:`)
        expect(destinationConfig.onFailure.destinationArn).toMatch(`arn:aws:sqs:${region}:`)
      }
    }
  })

  test('no region works with another’s log, and each log has a number of its own', () => {
    const numbers = new Set<string>()
    for (const region of regions) {
      for (const { name, inputs } of functionsOf(region)) {
        const { variables } = Variables.parse(inputs).environment
        if (variables.KAFKA_CLUSTER_ARN) expect(variables.KAFKA_CLUSTER_ARN, name).toMatch(`:${region}:`)
        if (variables.LOG_NUMBER) numbers.add(variables.LOG_NUMBER)
      }
    }
    expect(numbers.size).toBe(regions.length)
  })

  test('every region has a host for its Decklog, with a certificate there', () => {
    for (const region of regions) {
      const hosts = made('aws:apigatewayv2/domainName:DomainName', region).map(({ inputs }) => Domain.parse(inputs))
      const host = hosts.find(({ domainName }) => domainName === `decklog.${region}.video.example`)
      expect(host?.domainNameConfiguration.certificateArn).toMatch(`:acm:${region}:`)
    }
  })

  test('every region wakes somebody, by a topic of its own', () => {
    for (const region of regions) {
      const alarms = made('aws:cloudwatch/metricAlarm:MetricAlarm', region).map(({ inputs }) => Alarm.parse(inputs))
      const count = (name: string) => alarms.filter(({ metricName }) => metricName === name).length
      expect(count('OffsetLag'), region).toBe(3)
      expect(count('Errors'), region).toBeGreaterThanOrEqual(4)
      expect(count('ApproximateNumberOfMessagesVisible'), region).toBe(1)
      for (const { alarmActions } of alarms) expect(alarmActions.join()).toMatch(`:sns:${region}:`)
    }
  })

  test('what is central is in the first region alone', () => {
    const [central, ...others] = regions
    for (const service of ['Commodore', 'Quartermaster', 'PeriscopeQuery']) {
      expect(made('aws:lambda/function:Function', central).some(({ name }) => name === `${service}Function`)).toBe(true)
    }
    for (const region of others) {
      const names = made('aws:lambda/function:Function', region).map(({ name }) => name)
      expect(names.filter((name) => !name.includes(inName(region)))).toEqual([])
    }
  })

  test('no two resources of a kind have one name', () => {
    const names = stage.resources.map(({ type, name }) => `${type} ${name}`)
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
    const functions = stage.resources.filter(({ type }) => type === 'aws:lambda/function:Function')
    const given = functions.map(({ inputs }) => Named.parse(inputs).name)
    expect(new Set(given).size).toBe(given.length)
  })
})

test('a region that is not known is refused before anything is made', async () => {
  await expect(evaluate({ stage: 'prod', regions: ['eu-west-1', 'moon-1'] })).rejects.toThrow('names moon-1')
})
