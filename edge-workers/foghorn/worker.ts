import { configureLog } from '../../shared/log.ts'
import type { Cluster } from './cluster.ts'
import { readConfig } from './config.ts'
import { open } from './service.ts'

export { Cluster } from './cluster.ts'

interface Bindings extends Record<string, unknown> {
  CLUSTERS: DurableObjectNamespace<Cluster>
}

let app: ReturnType<typeof open> | undefined

export default {
  fetch: (request, bindings, context) => {
    app ??= start(bindings)
    return app.fetch(request, bindings, context)
  },
} satisfies ExportedHandler<Bindings>

/** Bindings are the same for every request of an isolate, and are there only with the first. */
function start(bindings: Bindings) {
  // biome-ignore lint/suspicious/noConsole: the console is a Worker's only output.
  configureLog({ pretty: false, level: 'info', write: (line) => console.log(line.trimEnd()) })
  return open(readConfig(bindings), bindings.CLUSTERS)
}
