import { type Protocol, protocols } from '../../../shared/contract/foghorn.ts'
import { Fault } from '../../../shared/fault.ts'
import type { Ctx } from '../deps.ts'
import { PlaybackId } from '../play/path.ts'
import { chooseForViewer, urlOnBest, type Viewing } from '../play/play.ts'
import { toDenial } from '../play/refusal.ts'
import { toOutputProtocol } from '../protocol.ts'

/** What MistUtilLoad answers when no host can serve. */
export const NO_HOST = 'FULL'

export interface StreamRequest extends Omit<Viewing, 'name' | 'protocol'> {
  /** A playback id, or the runtime name of a public stream. */
  stream: string
}

/** The name of the best host for a viewer, or `FULL`. */
export async function hostFor(ctx: Ctx, { stream, ...viewing }: StreamRequest): Promise<string> {
  const { ranked } = await chooseForViewer(ctx, { name: nameOf(stream), protocol: null, ...viewing })
  return ranked[0]?.host.address ?? NO_HOST
}

/** The URL of a stream on the best host that has `output`, an output of MistServer or a usual name of a protocol. */
export async function urlFor(ctx: Ctx, output: string, { stream, ...viewing }: StreamRequest): Promise<string> {
  const protocol = requireProtocol(output)
  const chosen = await chooseForViewer(ctx, { name: nameOf(stream), protocol, ...viewing })
  return urlOnBest(chosen, protocol, chosen.playback_id)
}

/** The query without what is only for us, the rest as it came. */
export function restOf(search: string, ours: readonly string[]): string {
  const parts = search.slice(1).split('&')
  const rest = parts.filter((part) => part !== '' && !ours.includes(part.split('=', 1)[0] ?? ''))
  return rest.length === 0 ? '' : `?${rest.join('&')}`
}

function nameOf(stream: string): Viewing['name'] {
  if (stream.includes('+')) return { runtime_name: stream }
  if (PlaybackId.safeParse(stream).success) return { playback_id: stream }
  throw toDenial('unknown_playback_id')
}

function requireProtocol(output: string): Protocol {
  const protocol = toOutputProtocol(output)
  if (protocol !== undefined) return protocol
  throw new Fault('not_found', 'protocol_unknown', `Play over one of: ${protocols.join(', ')}.`)
}
