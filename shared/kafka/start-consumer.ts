import { Fault } from '../fault.ts'
import type { ConsumeOptions, Consumer, PartitionLag } from './event-log.ts'
import { HandlerError } from './handle-batch.ts'
import { wait } from './wait.ts'

/** How often `drained` looks at the group's committed offsets, which other members may move. */
const DRAIN_POLL_MS = 15

/** The consumer around an engine's loop: `run` works until `closing` is aborted, `lag` reads the group's progress. */
export function startConsumer(
  signal: ConsumeOptions['signal'],
  lag: () => Promise<PartitionLag[]>,
  run: (closing: AbortSignal) => Promise<void>,
): Consumer {
  const closer = new AbortController()
  const closing = signal ? AbortSignal.any([closer.signal, signal]) : closer.signal
  const done = run(closing).catch((error: unknown) => {
    throw error instanceof HandlerError ? error.cause : error
  })

  async function close() {
    closer.abort()
    await Promise.allSettled([done])
  }

  async function drained() {
    const stopped = done.then(() => {
      throw new Fault('unavailable', 'consumer_closed', 'The consumer was closed before it was drained')
    })
    // It may reject after this call has answered; who watches `done` hears of it there.
    stopped.catch(() => undefined)
    const targets = new Map((await lag()).map(({ partition, end }) => [partition, end]))
    for (;;) {
      const progress = await lag()
      if (progress.every(({ partition, committed }) => committed >= (targets.get(partition) ?? 0n))) return
      await Promise.race([stopped, wait(DRAIN_POLL_MS, closing)])
    }
  }

  return { done, drained, close, [Symbol.asyncDispose]: close }
}
