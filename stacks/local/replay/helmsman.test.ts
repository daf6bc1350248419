import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { createMetrics } from '../../../node-sidecar/metrics.ts'
import { readPendingBytes } from './helmsman.ts'

test('what Helmsman still holds is read from its own metrics', async () => {
  const registry = new Registry()
  createMetrics(registry).journalPendingBytes.set(1_234)
  expect(readPendingBytes(await registry.metrics())).toBe(1_234)
  expect(() => readPendingBytes('up 1\n')).toThrow('does not say')
})
