import type { z } from 'zod'
import { ServerFrame } from '../../../shared/contract/signalman.ts'

/** A reader of a stream of events: `read` gives the next frame and the id that came with it. */
export interface StreamReader {
  read(): Promise<{ id: string | null; frame: z.infer<typeof ServerFrame> }>
  close(): Promise<void>
}

export function readEventStream(body: ReadableStream<Uint8Array>): StreamReader {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    read: async () => {
      for (;;) {
        const end = text.indexOf('\n\n')
        if (end < 0) {
          const { value, done } = await reader.read()
          if (done) throw new Error('the stream has ended')
          text += value
          continue
        }
        const message = text.slice(0, end)
        text = text.slice(end + 2)
        if (message.startsWith(':')) continue
        const id = /^id: (.*)$/m.exec(message)?.[1] ?? null
        return { id, frame: ServerFrame.parse(JSON.parse(/^data: (.*)$/m.exec(message)?.[1] ?? '')) }
      }
    },
    close: () => reader.cancel(),
  }
}
