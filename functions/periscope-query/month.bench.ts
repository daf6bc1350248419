import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quoteName } from '../../shared/clickhouse/statements.ts'
import { send } from '../../shared/testing/api.ts'
import { listRetention } from '../periscope-ingest/retention/facts.ts'
import { findDifferences } from './testing/month/check.ts'
import { openEngines } from './testing/month/engines.ts'
import { fillMonth } from './testing/month/fill.ts'
import { endOf, MONTH, tenantOf } from './testing/month/month.ts'
import { questionsOf } from './testing/month/questions.ts'
import { openPeriscopeQueryOver } from './testing/periscope-query.ts'

/** Every question about a month of ten tenants, from its events and from what is rolled up of them. */
const SEED = 1
const ROUNDS = 3
const WARM_UP_ROUNDS = 1
const TENANTS_ASKED = 3
const TENANTS_CHECKED = 1

const folder = await mkdtemp(join(tmpdir(), 'bench-'))
await using stack = new AsyncDisposableStack()
stack.defer(() => rm(folder, { recursive: true, force: true }))
const stores = await openEngines(folder)
// The month does not grow older than samples are kept.
for (const { name, days } of await listRetention(stores.clickhouse)) {
  if (days !== null) await stores.clickhouse.command(`ALTER TABLE ${quoteName(name)} REMOVE TTL`)
}
const periscope = stack.use(await openPeriscopeQueryOver(stores))
periscope.at(endOf(MONTH))

const stored = await timed(() => fillMonth(periscope, MONTH, SEED))
print(`${stored.result} events stored in ${seconds(stored.ms)}`)
const fromEvents = await askAll()
await check('from events')
print(`rolled up in ${seconds((await timed(() => periscope.rollUp())).ms)}`)
const fromRollups = await askAll()
await check('from what is rolled up')
print(`| question | p50 | p95 | from events: p50 | p95 |\n|---|---|---|---|---|`)
for (const [name, latencies] of fromRollups) {
  const events = fromEvents.get(name) ?? []
  print(`| ${name} | ${at(latencies, 0.5)} | ${at(latencies, 0.95)} | ${at(events, 0.5)} | ${at(events, 0.95)} |`)
}

async function askAll(): Promise<Map<string, number[]>> {
  const latencies = new Map<string, number[]>()
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    for (let tenant = 0; tenant < TENANTS_ASKED; tenant += 1) {
      const token = await periscope.identities.user(tenantOf(tenant))
      for (const [name, path] of questionsOf(tenant, MONTH)) {
        const { ms } = await timed(async () => {
          const response = await send(periscope, `GET ${path}`, { token })
          if (!response.ok) throw new Error(`${name}: ${await response.text()}`)
          await response.arrayBuffer()
        })
        if (round >= 0) latencies.set(name, [...(latencies.get(name) ?? []), ms])
      }
    }
  }
  return latencies
}

async function check(source: string): Promise<void> {
  for (let tenant = 0; tenant < TENANTS_CHECKED; tenant += 1) {
    const { compared, differences } = await findDifferences(periscope, tenant, MONTH, SEED)
    if (differences.length > 0) throw new Error(`seed ${SEED}: ${differences.slice(0, 5).join('; ')}`)
    print(`${compared} figures ${source} of tenant ${tenant} are those of a slow look at each event`)
  }
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const started = performance.now()
  const result = await work()
  return { result, ms: performance.now() - started }
}

function at(latencies: readonly number[], share: number): string {
  const sorted = latencies.toSorted((a, b) => a - b)
  return `${Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)} ms`
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
