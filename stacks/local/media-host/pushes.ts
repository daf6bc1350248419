import { type Host, unixSeconds } from './host.ts'

/** A stream that is sent on to a target. */
export interface Push {
  id: number
  stream: string
  /** As it was asked for, and as PUSH_OUT_START left it. */
  target: string
  actual_target: string
  started_unix: number
  end: () => void
}

/** How often a push looks whether its stream is still there. */
const LOOK_MS = 1_000

/**
 * Sends a stream on, if it is not sent there already, until it is stopped or the stream ends; PUSH_END tells of that.
 * PUSH_OUT_START may say no.
 */
export function startPush(host: Host, stream: string, target: string): void {
  const same = [...host.pushes.values()].some((push) => push.stream === stream && push.target === target)
  if (same) return
  const { promise: stopped, resolve: end } = Promise.withResolvers<void>()
  const push: Push = {
    id: host.nextPid(),
    stream,
    target,
    actual_target: target,
    started_unix: unixSeconds(host),
    end,
  }
  host.pushes.set(push.id, push)
  host.flows.run('push', async () => {
    const started = await host.fire('PUSH_OUT_START', { stream, pid: host.controller_pid, lines: [stream, target] })
    const kept = !started.asked || started.action === 'keep'
    if (!kept) push.actual_target = started.value
    const begun = started.action !== 'deny' && push.actual_target !== ''
    if (begun) await Promise.race([stopped, streamGone(host, stream)])
    host.pushes.delete(push.id)
    if (!begun) return
    const lines = [push.id, stream, target, push.actual_target, '[]', JSON.stringify(statusOf(host, push))]
    await host.fire('PUSH_END', { stream, pid: host.controller_pid, lines })
  })
}

export function stopPushes(host: Host, ids: readonly number[]): void {
  for (const id of ids) host.pushes.get(id)?.end()
}

/** `push_list`: a row for each push, null when there is none. */
export function listPushes(host: Host): unknown[] | null {
  const pushes = [...host.pushes.values()]
  if (pushes.length === 0) return null
  return pushes.map((push) => [push.id, push.stream, push.target, push.actual_target, [], statusOf(host, push)])
}

async function streamGone(host: Host, stream: string): Promise<void> {
  while (host.streams.get(stream)?.online) await host.timeline.wait(LOOK_MS)
}

function statusOf(host: Host, { actual_target, started_unix }: Push) {
  const active_seconds = unixSeconds(host) - started_unix
  return { active_ms: active_seconds * 1000, active_seconds, current_target: actual_target, media_tx: 0, mediatime: 0 }
}
