import { Hono } from 'hono'
import { STREAM_NAME_CHARS_MAX } from '../../shared/contract/foghorn.ts'
import { toFault } from '../../shared/fault.ts'
import { toProblemResponse } from '../../shared/http/problem.ts'
import type { Gate } from '../control-plane/gate.ts'
import { type PeerOf, requireLocal } from '../mist/local.ts'
import type { Publishers } from './publishers.ts'
import type { Sources } from './sources.ts'

/** Where MistServer asks for the source of a stream that is not published here, by an input of `balance:`. */
const SOURCE_PATH = '/source'

/** That address, where MistServer reaches us at `door`. */
export function sourceUrlAt(door: URL): URL {
  return new URL(door.href.replace(/\/$/, '') + SOURCE_PATH)
}

/** For viewers it means that the stream is offline; a publisher of whom we do not know gets in by it all the same. */
const PUBLISHED = 'push://'

interface SourceDoorOptions {
  gate: Pick<Gate, 'source'>
  publishers: Publishers
  sources: Sources
  peerOf: PeerOf
  allowRemote: boolean
}

/** `GET /source?source={runtime name}`: `dtsc://host:port`, or `push://` when no other host has it. Empty for what is nobody's. */
export function createSourceDoor({ gate, publishers, sources, peerOf, allowRemote }: SourceDoorOptions): Hono {
  const door = new Hono()
  door.onError((error) => toProblemResponse(toFault(error), ''))
  if (!allowRemote) door.use(SOURCE_PATH, requireLocal(peerOf))
  door.get(SOURCE_PATH, async (c) => {
    const name = c.req.query('source') ?? ''
    if (name === '' || name.length > STREAM_NAME_CHARS_MAX) return c.text('')
    if (await publishers.publishes(name)) return c.text(PUBLISHED)
    const { allowed } = await gate.source(name)
    return c.text(allowed ? ((await sources.find(name)) ?? PUBLISHED) : '')
  })
  return door
}
