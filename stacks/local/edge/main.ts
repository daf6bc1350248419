import { once } from 'node:events'
import { z } from 'zod'
import { configureLog } from '../../../shared/log.ts'
import { type EdgeWorkerName, edgeWorkers } from '../../edge-workers.ts'
import { startEdge } from './edge.ts'

/** What the local system asks of this process, in `EDGE_OPTIONS`. */
const Options = z.object({
  worker: z.enum(Object.keys(edgeWorkers) as EdgeWorkerName[]),
  port: z.number(),
  dataPath: z.string(),
  bindings: z.record(z.string(), z.string()),
  level: z.enum(['debug', 'info', 'warning', 'error']),
})

const { level, ...options } = Options.parse(JSON.parse(process.env.EDGE_OPTIONS ?? '{}'))
configureLog({ pretty: process.stdout.isTTY === true, level, write: (line) => process.stdout.write(line) })
const gone = once(process, 'disconnect')
{
  await using _ = await startEdge(options)
  process.send?.('ready')
  await gone
}
