import { z } from 'zod'
import { type ClusterFrame, channelCloses } from '../../../shared/contract/commands.ts'
import { isOver } from './limits.ts'

const Attachment = z.object({ cluster_id: z.string(), node_id: z.string(), opened_at_ms: z.number() })

/** A host and its cluster. */
export interface Owner {
  cluster_id: string
  node_id: string
}

type Sockets = Pick<DurableObjectState, 'acceptWebSocket' | 'getWebSockets'>

/** The hosts' sockets, one each. They stay open while the object sleeps, so nothing about them is kept in memory. */
export class Channels {
  readonly #sockets: Sockets

  constructor(sockets: Sockets) {
    this.#sockets = sockets
  }

  /** How many channels other hosts have. */
  countBesides(node_id: string): number {
    return this.#sockets.getWebSockets().length - this.#sockets.getWebSockets(node_id).length
  }

  /** Opens a host's channel; the one it had before ends. */
  open({ cluster_id, node_id }: Owner, now_ms: number): Response {
    for (const older of this.#sockets.getWebSockets(node_id)) older.close(channelCloses.replaced, 'replaced')
    const { 0: client, 1: server } = new WebSocketPair()
    this.#sockets.acceptWebSocket(server, [node_id])
    server.serializeAttachment({ cluster_id, node_id, opened_at_ms: now_ms })
    return new Response(null, { status: 101, webSocket: client })
  }

  /** Whose channel it is. */
  ownerOf(socket: WebSocket): Owner {
    return Attachment.parse(socket.deserializeAttachment())
  }

  /** Tells a host something if it has a channel; what matters is sent again when it opens one. */
  send(node_id: string, frame: ClusterFrame, now_ms: number): void {
    const socket = this.#sockets.getWebSockets(node_id).find((open) => open.readyState === WebSocket.OPEN)
    if (socket !== undefined && !this.endWhenOver(socket, now_ms)) socket.send(JSON.stringify(frame))
  }

  /** Closes a channel that is too old. */
  endWhenOver(socket: WebSocket, now_ms: number): boolean {
    const { opened_at_ms } = Attachment.parse(socket.deserializeAttachment())
    if (!isOver(opened_at_ms, now_ms)) return false
    socket.close(channelCloses.expired, 'expired')
    return true
  }
}
