import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { readEmitted } from './emitted.ts'
import { readQuery } from './query.ts'

const Panel = z.object({
  title: z.string().min(1),
  type: z.enum(['row', 'stat', 'timeseries']),
  datasource: z.object({ uid: z.literal(`\${datasource}`) }).optional(),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string() }) }).optional(),
  targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })).default([]),
})
const Dashboard = z.object({
  panels: z.array(Panel),
  templating: z.object({
    list: z.array(z.object({ name: z.string(), type: z.string(), definition: z.string().optional() })),
  }),
})
const Rules = z.object({
  groups: z.array(
    z.object({
      rules: z.array(z.object({ alert: z.string(), expr: z.string(), annotations: z.record(z.string(), z.string()) })),
    }),
  ),
})

/** What Prometheus makes itself, of each target and of each alert. */
const PROMETHEUS_OWN = new Map([
  ['up', new Set(['job', 'instance', 'host', 'service'])],
  ['ALERTS', new Set(['alertname', 'alertstate', 'severity'])],
])
const VALUES = /^label_values\((.+), (\w+)\)$/

const read = (file: string) => readFile(new URL(file, import.meta.url), 'utf8')
const emitted = readEmitted()
const dashboard = Dashboard.parse(JSON.parse(await read('dashboard.json')))
const panels = dashboard.panels.filter(({ type }) => type !== 'row')
const rules = Rules.parse(parse(await read('alerts.yml'))).groups.flatMap(({ rules: inGroup }) => inGroup)
const variables = dashboard.templating.list.flatMap(({ definition }) => (definition ? [definition] : []))

/** Every query there is, by where it stands, with the labels that its texts name. */
const queries = [
  ...panels.flatMap(({ title, targets }) =>
    targets.map(({ expr, legendFormat }) => {
      const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)]
      // As Grafana fills it in.
      return { where: `panel ${title}`, expr: expr.replaceAll('$__rate_interval', '1m'), named }
    }),
  ),
  ...rules.map(({ alert, expr, annotations }) => ({
    where: `alert ${alert}`,
    expr,
    named: [...JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)],
  })),
  ...variables.map((definition) => {
    const [, expr = '', label = ''] = VALUES.exec(definition) ?? []
    return { where: `variable ${definition}`, expr, named: [['', label]] }
  }),
].map(({ where, expr, named }) => ({ where, query: readQuery(expr), named: named.map(([, label = '']) => label) }))

describe('every query', () => {
  test('is there', () => {
    expect(panels.length).toBeGreaterThan(30)
    expect(queries.length).toBeGreaterThan(panels.length + rules.length)
  })

  test.each(queries)('of $where names metrics and labels that are emitted', ({ query, named }) => {
    const known = new Set<string>()
    for (const { metric, labels } of query.selectors) {
      const has = emitted.get(metric) ?? PROMETHEUS_OWN.get(metric)
      expect(has, `${metric} is emitted`).toBeDefined()
      for (const label of labels) expect([...(has ?? [])], metric).toContain(label)
      for (const label of has ?? []) known.add(label)
    }
    expect(query.selectors).not.toEqual([])
    expect([...known]).toEqual(expect.arrayContaining([...query.grouping, ...named]))
  })
})

test('every metric of ours is in a panel or an alert', () => {
  const used = new Set(queries.flatMap(({ query }) => query.selectors.map(({ metric }) => base(metric))))
  const ours = [...emitted.keys()].filter((name) => !/^(process|nodejs)_/.test(name)).map(base)
  expect(ours.length).toBeGreaterThan(15)
  expect(ours.filter((name) => !used.has(name))).toEqual([])
})

test('every panel has a unit and asks the Prometheus that is chosen', () => {
  for (const { title, fieldConfig, datasource, targets } of panels) {
    expect([fieldConfig?.defaults.unit, datasource, targets.length > 0], title).toEqual([
      expect.stringMatching(/./),
      expect.anything(),
      true,
    ])
  }
  expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'host', 'service'])
})

test('what is no query, or names no metric, is found', () => {
  expect(() => readQuery('sum(rate(x[5m])')).toThrow('Not PromQL')
  expect(() => readQuery('{host="a"}')).toThrow('No metric')
  expect(readQuery('sum by (a) (x{b="1"}) / on (c) y')).toEqual({
    selectors: [
      { metric: 'x', labels: ['b'] },
      { metric: 'y', labels: [] },
    ],
    grouping: ['a', 'c'],
  })
})

function base(name: string): string {
  return name.replace(/_(bucket|sum|count)$/, '')
}
