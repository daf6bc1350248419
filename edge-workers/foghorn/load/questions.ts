import type { Ctx } from '../deps.ts'
import type { Caller } from '../request.ts'
import { findSource } from '../source/source.ts'
import { hostsOf } from './clusters.ts'
import { figuresOf, viewersOf } from './figures.ts'
import { hostForPublisher } from './ingest.ts'
import type { LoadQuery, Wishes } from './query.ts'
import { addServer, deleteServer, hostStates, listServers } from './servers.ts'
import { NO_HOST } from './viewer.ts'
import { weights } from './weights.ts'

/** Who asks, and which hosts they would rather have. */
export interface Asking extends Wishes {
  caller: Caller
  probe: boolean
}

/** A question, and whether its answer is bare text; else it is JSON. */
interface Question {
  name: keyof LoadQuery
  text?: true
  ask(ctx: Ctx, query: LoadQuery, asking: Asking): Promise<object | string | number>
}

/** What may be asked of `/`; of several at once, MistUtilLoad answers the first in this order. */
const questions: readonly Question[] = [
  { name: 'weights', ask: weights },
  { name: 'lstserver', ask: listServers },
  { name: 'delserver', ask: deleteServer },
  { name: 'addserver', ask: addServer },
  { name: 'viewers', ask: async (ctx, query) => viewersOf(await hostsOf(ctx, query), query.viewers ?? '*') },
  { name: 'streamstats', ask: async (ctx, query) => figuresOf(await hostsOf(ctx, query), query.streamstats ?? '*') },
  { name: 'stream', text: true, ask: countViewers },
  { name: 'source', text: true, ask: nameSource },
  { name: 'ingest', text: true, ask: hostForPublisher },
]

/** Whether a query asks for a change, which a HEAD may not make. */
export function isChange({ addserver, delserver, weights }: LoadQuery): boolean {
  return addserver !== undefined || delserver !== undefined || weights !== undefined
}

const states: Question = { name: 'host', ask: hostStates }

/** Answers the one question of a query; without any, the state of all hosts. */
export async function answer(
  ctx: Ctx,
  query: LoadQuery,
  asking: Asking,
): Promise<{ text: string } | { json: object | string | number }> {
  const { ask, text } = questions.find(({ name }) => query[name] !== undefined) ?? states
  const answered = await ask(ctx, query, asking)
  return text ? { text: String(answered) } : { json: answered }
}

async function countViewers(ctx: Ctx, query: LoadQuery): Promise<number> {
  const { stream = '' } = query
  return viewersOf(await hostsOf(ctx, query), stream)[stream] ?? 0
}

async function nameSource(ctx: Ctx, { source = '', fallback }: LoadQuery, asking: Asking): Promise<string> {
  return (await findSource(ctx, { stream: source, ...asking })) ?? fallback ?? NO_HOST
}
