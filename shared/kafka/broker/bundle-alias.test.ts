import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { bundleAlias } from './bundle-alias.ts'

test('the event log on Kafka loads from one bundled file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bundle-'))
  const outfile = join(folder, 'event-log.mjs')
  await build({
    entryPoints: [fileURLToPath(new URL('kafka-event-log.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    alias: bundleAlias,
    logLevel: 'silent',
    // The client has CommonJS dependencies.
    banner: { js: "import { createRequire as of } from 'node:module'; const require = of(import.meta.url);" },
  })
  const bundled = await import(/* @vite-ignore */ pathToFileURL(outfile).href)
  await using log = new bundled.KafkaEventLog({ brokers: ['127.0.0.1:9'], client_id: 'bundle' })
  expect(log.produce).toBeTypeOf('function')
  await rm(folder, { recursive: true })
})
