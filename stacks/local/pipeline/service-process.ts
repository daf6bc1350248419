// Runs the service that PIPELINE_SERVICE names on PIPELINE_PORT of loopback, as a process of its own that can be killed.
import { once } from 'node:events'
import { readConfig as readDecklog } from '../../../functions/decklog/config.ts'
import { open as openDecklog } from '../../../functions/decklog/service.ts'
import { readConfig as readIngest } from '../../../functions/periscope-ingest/config.ts'
import { open as openIngest } from '../../../functions/periscope-ingest/service.ts'
import type { Service } from '../../../shared/http/service.ts'
import { configureLog } from '../../../shared/log.ts'
import { serve } from '../serve.ts'

const services: Record<string, (env: NodeJS.ProcessEnv) => Promise<Service>> = {
  decklog: (env) => openDecklog(readDecklog(env)),
  'periscope-ingest': (env) => openIngest(readIngest(env)),
}

const { env } = process
// What it recovers from is no news here; what ends it goes to stderr by itself.
configureLog({ pretty: false, level: 'error', write: () => undefined })
const open = services[env.PIPELINE_SERVICE ?? '']
if (open === undefined) throw new TypeError(`no service ${env.PIPELINE_SERVICE}`)
await using service = await open(env)
await using _ = await serve(service, Number(env.PIPELINE_PORT))
await once(process, 'disconnect')
