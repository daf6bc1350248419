import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { portsAt } from '../local/ports.ts'

const Rules = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          alert: z.string(),
          labels: z.object({ severity: z.enum(['critical', 'warning']) }),
          annotations: z.object({ summary: z.string(), description: z.string(), runbook_url: z.string() }),
        }),
      ),
    }),
  ),
})
const list = z.array(z.unknown()).default([])
const Tests = z.object({
  tests: z.array(
    z.object({
      promql_expr_test: z.array(z.looseObject({ exp_samples: list })).default([]),
      alert_rule_test: z.array(z.looseObject({ exp_alerts: list })).default([]),
    }),
  ),
})
const Targets = z.array(z.object({ targets: z.array(z.string()), labels: z.record(z.string(), z.string()) }))

const read = (file: string) => readFile(new URL(file, import.meta.url), 'utf8')
const readRules = async () => Rules.parse(parse(await read('alerts.yml'))).groups.flatMap(({ rules }) => rules)

test('each alert leads to its section of the runbook, and each section is of an alert', async () => {
  const rules = await readRules()
  const sections = [...(await read('../../docs/deploy.md')).matchAll(/^#### (\w+)$/gm)].map(([, name]) => name)
  expect(rules.length).toBeGreaterThan(10)
  expect(sections).toEqual(rules.map(({ alert }) => alert))
  for (const { alert, annotations } of rules) {
    expect(annotations.runbook_url).toBe(`docs/deploy.md#${alert.toLowerCase()}`)
  }
})

test('each alert is shown to fire', async () => {
  const { tests } = Tests.parse(parse(await read('alerts.test.yml')))
  const shown = JSON.stringify([
    tests.flatMap(({ promql_expr_test }) => promql_expr_test.filter(({ exp_samples }) => exp_samples.length > 0)),
    tests.flatMap(({ alert_rule_test }) => alert_rule_test.filter(({ exp_alerts }) => exp_alerts.length > 0)),
  ])
  for (const { alert } of await readRules()) expect(shown).toMatch(new RegExp(`\\b${alert}\\b`))
})

test('the targets given are those of `npm start`', async () => {
  const ports: Record<string, number> = portsAt(0)
  const services = Targets.parse(parse(await read('targets/services.yml')))
  expect(services).toHaveLength(5)
  for (const { targets, labels } of services) expect(targets).toEqual([`127.0.0.1:${ports[labels.service ?? '']}`])
  const hosts = Targets.parse(parse(await read('targets/hosts.yml')))
  expect(hosts).toEqual([{ targets: [`127.0.0.1:${ports.helmsman}`], labels: { host: 'this-machine' } }])
})
