import type { Clock } from './clock.ts'
import { Fault } from './fault.ts'
import type { Log } from './log.ts'

export const roles = ['viewer', 'member', 'admin', 'owner'] as const
export type Role = (typeof roles)[number]

/** What a token may do: a noun and `read` or `write`; a role maps to a set of them. */
export const scopes = [
  'account:read',
  'account:write',
  'streams:read',
  'streams:write',
  'analytics:read',
  'infrastructure:read',
  'infrastructure:write',
] as const
export type Scope = (typeof scopes)[number]

/** Who calls. `operator` marks staff of the platform itself: they see what belongs to no tenant. */
export type Actor =
  | { kind: 'anonymous' }
  | { kind: 'user'; user_id: string; tenant_id: string; role: Role; operator: boolean; session_id?: string | undefined }
  | { kind: 'api_token'; token_id: string; tenant_id: string; scopes: readonly Scope[]; operator: boolean }
  | { kind: 'node'; node_id: string; cluster_id: string }
  | { kind: 'service'; service: string }
export type UserActor = Extract<Actor, { kind: 'user' }>

/** What every function of a service gets before its input: who asks, when, and where to log. */
export interface Context {
  actor: Actor
  now: Clock
  log: Log
  request_id: string
  /** Where the request came from; absent unless a trusted proxy told it. */
  address?: string
}

const readScopes = scopes.filter((scope) => scope.endsWith(':read'))
const memberScopes: readonly Scope[] = [...readScopes, 'streams:write']
const scopesOfRole: Record<Role, readonly Scope[]> = {
  viewer: readScopes,
  member: memberScopes,
  admin: scopes,
  owner: scopes,
}

export function scopesOf(role: Role): readonly Scope[] {
  return scopesOfRole[role]
}

/** Anybody but nobody: 401 for an anonymous caller. */
export function requireSomebody(ctx: Pick<Context, 'actor'>): void {
  if (ctx.actor.kind === 'anonymous') throw unauthenticated()
}

/** The tenant of a caller that may do `scope`; 401 for nobody, 403 for somebody who may not. */
export function requireTenant(ctx: Pick<Context, 'actor'>, scope: Scope): string {
  const { actor } = ctx
  if (actor.kind === 'anonymous') throw unauthenticated()
  if (actor.kind !== 'user' && actor.kind !== 'api_token') throw forbidden(`A ${actor.kind} has no tenant here.`)
  const granted = actor.kind === 'user' ? scopesOf(actor.role) : actor.scopes
  if (!granted.includes(scope)) throw forbidden(`This needs the scope ${scope}.`)
  return actor.tenant_id
}

/** The signed-in user; API tokens do not act for a person. */
export function requireUser(ctx: Pick<Context, 'actor'>) {
  const { actor } = ctx
  if (actor.kind === 'anonymous') throw unauthenticated()
  if (actor.kind !== 'user') throw forbidden('This needs a signed-in user.')
  return actor
}

/** The calling service's name, when it is one of `allowed`. */
export function requireService(ctx: Pick<Context, 'actor'>, ...allowed: readonly string[]): string {
  const { actor } = ctx
  if (actor.kind === 'anonymous') throw unauthenticated()
  if (actor.kind !== 'service' || !allowed.includes(actor.service)) throw forbidden('This is for services only.')
  return actor.service
}

/** The calling media host. */
export function requireNode(ctx: Pick<Context, 'actor'>) {
  const { actor } = ctx
  if (actor.kind === 'anonymous') throw unauthenticated()
  if (actor.kind !== 'node') throw forbidden('This is for media hosts only.')
  return actor
}

/** Staff of the platform with `scope`. */
export function requireOperator(ctx: Pick<Context, 'actor'>, scope: Scope): void {
  requireTenant(ctx, scope)
  const { actor } = ctx
  if (!('operator' in actor) || !actor.operator) throw forbidden('This is for operators of the platform.')
}

function unauthenticated() {
  return new Fault('unauthenticated', 'unauthenticated', 'A valid bearer token is required.')
}

function forbidden(detail: string) {
  return new Fault('forbidden', 'forbidden', detail)
}
