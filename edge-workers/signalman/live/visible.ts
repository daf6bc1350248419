import { type Context, requireTenant, type Scope, scopesOf } from '../../../shared/context.ts'
import { LiveEventType } from '../../../shared/contract/signalman.ts'
import { Fault } from '../../../shared/fault.ts'

/** What a caller must be allowed in order to see events of a type. */
const scopeOfType: Record<LiveEventType, Scope> = {
  'stream-ingest': 'streams:read',
  'stream-lifecycle': 'streams:read',
  'stream-buffer': 'streams:read',
  'stream-end': 'streams:read',
  'track-list': 'streams:read',
  'push-lifecycle': 'streams:read',
  'recording-lifecycle': 'streams:read',
  'stream-view': 'analytics:read',
  'user-connection': 'analytics:read',
  'client-lifecycle': 'analytics:read',
  'load-balancing': 'analytics:read',
  'node-monitoring': 'infrastructure:read',
}

/** The types of events that `scopes` let one see. */
export function visibleTo(scopes: readonly Scope[]): LiveEventType[] {
  return LiveEventType.options.filter((type) => scopes.includes(scopeOfType[type]))
}

/** The tenant and the types of events of whoever calls with a token; 403 for somebody who may see nothing. */
export function callerOf(ctx: Pick<Context, 'actor'>) {
  const { actor } = ctx
  const scopes = actor.kind === 'user' ? scopesOf(actor.role) : actor.kind === 'api_token' ? actor.scopes : []
  const visible = visibleTo(scopes)
  const [first] = visible
  const tenant_id = requireTenant(ctx, first === undefined ? 'streams:read' : scopeOfType[first])
  return { tenant_id, visible }
}

/** The same of whoever has a ticket. */
export function holderOf({ tenant_id, scopes }: { tenant_id: string; scopes: readonly Scope[] }) {
  const visible = visibleTo(scopes)
  if (visible.length === 0) throw new Fault('forbidden', 'forbidden', 'The ticket’s holder may see no events.')
  return { tenant_id, visible }
}
