import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { measured } from './measured.ts'
import { sizeOf, toTable } from './size.ts'

const page = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
const main = fileURLToPath(new URL('./main.ts', import.meta.url))
const VIEWERS = [1_000, 10_000, 100_000, 1_000_000]

test('the page on scale has the table that is worked out', () => {
  expect(page('scale.md')).toContain(toTable(VIEWERS.map(sizeOf)))
})

test.each(Object.entries(measured))('%s stands in the benchmarks as it is used', (_, { value, text }) => {
  expect(page('benchmarks.md')).toContain(text)
  expect(Number(text.replaceAll(',', '').match(/\d+/)?.[0])).toBe(value)
})

test('a thousand times the viewers are a thousand times the traffic, and no less of anything', () => {
  const [few, many] = [sizeOf(1_000), sizeOf(1_000_000)]
  expect(many.egress_gbps / few.egress_gbps).toBeCloseTo(1_000)
  expect(many.redirects / few.redirects).toBeCloseTo(1_000)
  for (const name of ['hosts', 'streams', 'events', 'stored_gb_a_month'] as const)
    expect(many[name]).toBeGreaterThan(few[name])
})

test('the command prints it, and says what is wrong with what it cannot read', () => {
  expect(execFileSync(process.execPath, [main, '--viewers', '1000'], { encoding: 'utf8' })).toBe(
    `${toTable([sizeOf(1_000)])}\n`,
  )
  for (const args of [[], ['--viewers', '0'], ['--viewers', 'many'], ['--hosts', '3']]) {
    const { status, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })
    expect(status).toBe(1)
    expect(stderr).toContain('npm run size')
  }
})
