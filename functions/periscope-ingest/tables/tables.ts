import { bufferStates } from './buffer-states.ts'
import { clientSamples } from './client-samples.ts'
import { ingestAttempts } from './ingest-attempts.ts'
import { nodeSamples } from './node-samples.ts'
import { pushes } from './pushes.ts'
import { recordings } from './recordings.ts'
import { routingDecisions } from './routing-decisions.ts'
import { streamRuns } from './stream-runs.ts'
import { streamSamples } from './stream-samples.ts'
import { streamViews } from './stream-views.ts'
import type { Table } from './table.ts'
import { trackLists } from './track-lists.ts'
import { viewerArrivals } from './viewer-arrivals.ts'
import { viewerSessions } from './viewer-sessions.ts'

/** Every table that holds tenants' events. */
export const tables: readonly Table[] = [
  bufferStates,
  clientSamples,
  ingestAttempts,
  nodeSamples,
  pushes,
  recordings,
  routingDecisions,
  streamRuns,
  streamSamples,
  streamViews,
  trackLists,
  viewerArrivals,
  viewerSessions,
]
