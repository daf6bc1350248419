import { configureLog } from '../../shared/log.ts'
import { openEdgeRegistration } from '../../shared/registry/edge-registration.ts'
import { readConfig } from './config.ts'
import { type Bindings, open } from './service.ts'

export { Cluster } from './cluster/cluster.ts'

let running: ReturnType<typeof start> | undefined

export default {
  fetch: (request, bindings, context) => {
    running ??= start(bindings)
    // Nothing runs here by the clock; hosts' heartbeats come often enough.
    if (running.registration.isDue()) context.waitUntil(running.registration.keep())
    return running.app.fetch(request, bindings, context)
  },
} satisfies ExportedHandler<Bindings>

/** Bindings are the same for every request of an isolate, and are there only with the first. */
function start(bindings: Bindings) {
  // biome-ignore lint/suspicious/noConsole: the console is a Worker's only output.
  configureLog({ pretty: false, level: 'info', write: (line) => console.log(line.trimEnd()) })
  const settings = readConfig(bindings)
  return { app: open(settings, bindings), registration: openEdgeRegistration('foghorn', settings) }
}
