/** Connectors that serve something else than media to a viewer: pages and stream data, pictures, other media hosts. */
const notViewing = new Set(['', 'HTTP', 'INFO_JSON', 'JPG', 'THUMBVTT', 'DTSC', 'DTSCQUIC'])

/** What MistServer's session ids and connectors say of publishers (`I…`, `INPUT:`) and of pushes out (`O…`, `OUTPUT:`). */
export function roleOf(session: { session_id: string; connector: string }): 'viewer' | 'input' | 'output' {
  if (session.connector.startsWith('INPUT:') || session.session_id.startsWith('I')) return 'input'
  if (session.connector.startsWith('OUTPUT:') || session.session_id.startsWith('O')) return 'output'
  return 'viewer'
}

/** Whether a session with these connectors watches, and so counts as a viewer. */
export function isViewer(session_id: string, connectors: readonly string[]): boolean {
  return connectors.some(
    (connector) => roleOf({ session_id, connector }) === 'viewer' && !notViewing.has(connector.toUpperCase()),
  )
}

/** Connectors by which media hosts pull streams from each other. */
const replicating = new Set(['DTSC', 'DTSCQUIC'])

/** Whether a connector serves another media host. */
export function isReplicating(connector: string): boolean {
  return replicating.has(connector.toUpperCase())
}

/** Whether a session was a visitor's: one who watched, or who only fetched pages; its bytes went out to somebody. */
export function isVisitor(session_id: string, connectors: readonly string[]): boolean {
  const own = connectors.filter((connector) => roleOf({ session_id, connector }) === 'viewer')
  if (own.length === 0) return connectors.length === 0 && roleOf({ session_id, connector: '' }) === 'viewer'
  return own.some((connector) => !isReplicating(connector))
}
