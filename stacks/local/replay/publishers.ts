import type { RecordedCall } from './recording.ts'

/** One publisher of a recording: the process, what it named as its key, and what became of it. */
export interface Publisher {
  pid: string
  /** The stream key, as the third line of PUSH_REWRITE. */
  key: string
  /** The runtime name of the stream that it fed, undefined when it was refused. */
  stream: string | undefined
}

/** STREAM_PUSH ends with the address, the connector and the URL; all before is the name. */
const STREAM_PUSH_TAIL_LINES = 3

/** Everyone who tried to publish, by process; retries of one trigger are one publisher. */
export function findPublishers(calls: readonly RecordedCall[]): Map<string, Publisher> {
  const publishers = new Map<string, Publisher>()
  for (const { trigger, headers, body } of calls) {
    const pid = headers['X-PID'] ?? ''
    const lines = body.split('\n')
    if (trigger === 'PUSH_REWRITE') {
      publishers.set(pid, { pid, key: lines.slice(2).join('\n'), stream: undefined })
    }
    const publisher = publishers.get(pid)
    if (trigger !== 'STREAM_PUSH' || publisher === undefined) continue
    // A name may end in a newline of its own: "live+CamelCase\n" was one.
    publisher.stream = lines.slice(0, -STREAM_PUSH_TAIL_LINES).join('\n').trim()
  }
  return publishers
}

/** The streams that lived, in the order of their first publisher. */
export function streamsOf(publishers: Map<string, Publisher>): string[] {
  return [...new Set([...publishers.values()].flatMap(({ stream }) => stream ?? []))]
}
