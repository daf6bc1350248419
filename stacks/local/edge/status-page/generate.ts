// Writes edge-workers/foghorn/status/page.gen.json: node stacks/local/edge/status-page/generate.ts
import { writeFile } from 'node:fs/promises'
import { buildStatusPage, statusPageFile } from './build.ts'

await writeFile(statusPageFile, await buildStatusPage())
