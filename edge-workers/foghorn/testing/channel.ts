import { once } from 'node:events'
import { WebSocket } from 'ws'
import { ClusterFrame, type HostFrame } from '../../../shared/contract/commands.ts'

/** A host's end of its command channel, in a test's hands. */
export interface Channel {
  /** Frames that came, oldest first. */
  frames: ClusterFrame[]
  say(frame: HostFrame | string): void
  /** Resolves to the code by which it was closed. */
  closed: Promise<number>
  close(): void
  isOpen(): boolean
}

/** Opens a channel as Helmsman does; rejects with the status when that is refused. */
export async function openChannel(url: string, nodeId: string, token: string): Promise<Channel> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/nodes/${nodeId}/channel`, {
    headers: { authorization: `Bearer ${token}` },
  })
  const frames: ClusterFrame[] = []
  socket.on('message', (data) => frames.push(ClusterFrame.parse(JSON.parse(String(data)))))
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  await once(socket, 'open')
  return {
    frames,
    say: (frame) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    closed,
    close: () => socket.close(),
    isOpen: () => socket.readyState === WebSocket.OPEN,
  }
}
