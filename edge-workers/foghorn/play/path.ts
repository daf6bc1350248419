import { z } from 'zod'
import { type Protocol, protocols } from '../../../shared/contract/foghorn.ts'
import { Fault } from '../../../shared/fault.ts'
import { parse } from '../../../shared/parse.ts'
import { toProtocol } from '../protocol.ts'

export const PlaybackId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'not a playback id')

/** Files of a protocol that players ask for by name; MistServer serves three protocols from one folder. */
const manifests: Partial<Record<Protocol, Readonly<Record<string, Protocol>>>> = {
  hls: { 'index.m3u8': 'hls' },
  cmaf: { 'index.m3u8': 'cmaf', 'index.mpd': 'dash', Manifest: 'smooth' },
  dash: { 'index.mpd': 'dash' },
  smooth: { Manifest: 'smooth' },
}

/** The parts of `/play/{playback_id}[/{protocol}[/{file}]]`. */
interface PlayPath {
  playback_id: string
  protocol?: string | undefined
  file?: string | undefined
}

/** What a viewer's path asks for: `id`, `id.m3u8`, `id/hls` or `id/hls/index.m3u8`; hls when it names no protocol. */
export function readPlayPath({ playback_id, protocol, file }: PlayPath): { playback_id: string; protocol: Protocol } {
  const [id = '', ...endings] = playback_id.split('.')
  const name = parse(PlaybackId, id)
  if (endings.length > 0 && protocol !== undefined) throw protocolUnknown()
  const asked = requireProtocol(protocol ?? (endings.length > 0 ? endings.join('.') : 'hls'))
  if (file === undefined) return { playback_id: name, protocol: asked }
  const files = manifests[asked] ?? {}
  const served = Object.hasOwn(files, file) ? files[file] : undefined
  if (served === undefined) throw new Fault('not_found', 'file_unknown', 'This protocol has no such first file.')
  return { playback_id: name, protocol: served }
}

/** The protocol by any of its usual names; 404 for another name. */
function requireProtocol(name: string): Protocol {
  const protocol = toProtocol(name)
  if (protocol === undefined) throw protocolUnknown()
  return protocol
}

function protocolUnknown(): Fault {
  return new Fault('not_found', 'protocol_unknown', `Play over one of: ${protocols.join(', ')}.`)
}
