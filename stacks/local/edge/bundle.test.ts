import { expect, test } from 'vitest'
import { edgeWorkers } from '../../edge-workers.ts'
import { BUNDLE_GZIP_BYTES_MAX, bundleWorker } from './bundle.ts'

test.each(Object.entries(edgeWorkers))('%s is within the budget and needs nothing of Node', async (_, { entry }) => {
  const { code, gzip_bytes } = await bundleWorker(entry)
  expect(gzip_bytes).toBeLessThanOrEqual(BUNDLE_GZIP_BYTES_MAX)
  expect(code).not.toMatch(/["']node:/)
})
