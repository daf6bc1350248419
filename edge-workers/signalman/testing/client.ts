import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { z } from 'zod'
import { type ClientFrame, type LiveEvent, ServerFrame } from '../../../shared/contract/signalman.ts'

/** One end of a connection, in a test's hands: it acknowledges nothing by itself. */
export interface Listener {
  /** Frames that came, oldest first. */
  frames: z.infer<typeof ServerFrame>[]
  /** What of them were events. */
  events(): LiveEvent[]
  /** How often it was answered that the hub is there. */
  pongs(): number
  say(frame: ClientFrame | string): void
  /** Resolves to the code by which it was closed. */
  closed: Promise<number>
  close(): Promise<void>
}

/** Connects as a browser does, or with a token; rejects with the status when that is refused. */
export async function listenAt(url: string, access: { ticket: string } | { token: string }): Promise<Listener> {
  const target = new URL('/ws', url.replace(/^http/, 'ws'))
  if ('ticket' in access) target.searchParams.set('ticket', access.ticket)
  const headers = 'token' in access ? { authorization: `Bearer ${access.token}` } : {}
  const socket = new WebSocket(target, { headers })
  const frames: Listener['frames'] = []
  let pongs = 0
  socket.on('message', (data) => {
    const text = String(data)
    if (text === 'pong') pongs++
    else frames.push(ServerFrame.parse(JSON.parse(text)))
  })
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  await once(socket, 'open')
  return {
    frames,
    events: () => frames.flatMap((frame) => (frame.type === 'events' ? frame.events : [])),
    pongs: () => pongs,
    say: (frame) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    closed,
    close: async () => {
      socket.close()
      await closed
    },
  }
}
