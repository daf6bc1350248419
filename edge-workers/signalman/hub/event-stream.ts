import { ACKNOWLEDGE_CHARS } from '../../../shared/contract/signalman-limits.ts'
import type { Line } from './peer.ts'

/** How often a line is written on which nothing happens, so that whoever stands between keeps it open, ms. */
const COMMENT_INTERVAL_MS = 25_000

interface Opened {
  line: Line
  body: ReadableStream<Uint8Array>
}

interface StreamEvents {
  /** The reader has room for more. */
  onRoom: () => void
  /** Nobody reads any more. */
  onGone: () => void
}

/** Frames as Server-Sent Events; the id of each with events is the place of its last one. */
export function openEventStream(epoch: string, { onRoom, onGone }: StreamEvents): Opened {
  const encoder = new TextEncoder()
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const write = (text: string) => controller?.enqueue(encoder.encode(text))
  const comments = setInterval(() => write(': still here\n\n'), COMMENT_INTERVAL_MS)
  const end = () => {
    clearInterval(comments)
    controller = undefined
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start: (opened) => {
        controller = opened
      },
      pull: onRoom,
      cancel: () => {
        end()
        onGone()
      },
    },
    { highWaterMark: ACKNOWLEDGE_CHARS, size: (chunk) => chunk?.byteLength ?? 0 },
  )
  const line: Line = {
    send: (text, seq) => write(`${seq === undefined ? '' : `id: ${epoch}.${seq}\n`}data: ${text}\n\n`),
    close: () => {
      controller?.close()
      end()
    },
  }
  return { line, body }
}
