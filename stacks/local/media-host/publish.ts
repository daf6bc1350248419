import { startBroadcast } from './broadcast.ts'
import { type Host, type Protocol, type Publisher, unixSeconds } from './host.ts'
import { connectionLines, type Ingest, ingestOf } from './ingest.ts'
import { isConfigured, sanitizeName } from './server-config.ts'

export const publishProtocols = ['rtmp', 'srt', 'whip'] as const satisfies readonly Protocol[]

export interface PublishRequest {
  stream_key: string
  protocol: Protocol
  publisher_host: string
}

type PublishRefusal = 'connection_refused' | 'push_rejected' | 'stream_failed' | 'stream_busy'
export type Publication = { accepted: true; publisher: Publisher } | { accepted: false; reason: PublishRefusal }

/** Pauses of a real publish between one trigger and the next. */
const HANDSHAKE_MS = 177
const TRACKS_KNOWN_MS = 236

type Refuse = (reason: PublishRefusal, code: string, text: string, name: string) => Promise<Publication>

/** Takes a publisher through the triggers of a real one, up to STREAM_PUSH; the stream then lives on its own. */
export async function startPublish(host: Host, request: PublishRequest): Promise<Publication> {
  const pid = host.nextPid()
  const ingest = ingestOf(request, host.http_url)
  const refuse: Refuse = async (reason, code, text, name) => {
    await closeRefused(host, ingest, pid, { code, text, name })
    return { accepted: false, reason }
  }
  if (!(await openAllowed(host, ingest, pid))) {
    return refuse('connection_refused', 'TRIGGER', 'connection rejected by CONN_OPEN trigger', ingest.name)
  }
  const name = await rewriteName(host, ingest, pid)
  if (name === undefined) {
    const text = `Push from ${ingest.host} to URL ${ingest.push_url} rejected - PUSH_REWRITE trigger blanked the URL`
    return refuse('push_rejected', 'TRIGGER', text, ingest.name)
  }
  if (host.booting.has(name) || host.streams.get(name)?.online) {
    return refuse('stream_busy', 'UNKNOWN', 'Stream already has a publisher', name)
  }
  host.booting.add(name)
  try {
    return await goLive(host, ingest, { name, pid, refuse })
  } finally {
    host.booting.delete(name)
  }
}

async function goLive(
  host: Host,
  ingest: Ingest,
  { name, pid, refuse }: { name: string; pid: number; refuse: Refuse },
) {
  const buffer_pid = await bootStream(host, ingest, name, pid)
  if (buffer_pid === undefined) return refuse('stream_failed', 'UNKNOWN', 'Stream open failed', name)
  await host.timeline.wait(TRACKS_KNOWN_MS)
  const push = await host.fire('STREAM_PUSH', { stream: name, pid, lines: connectionLines(ingest, name) })
  if (!push.allowed) return refuse('push_rejected', 'TRIGGER', 'Push rejected by STREAM_PUSH trigger', name)
  if (ingest.protocol === 'srt') {
    await host.fire('CONN_OPEN', { stream: name, pid, lines: connectionLines(ingest, name) })
  }
  const accepted: Publication = { accepted: true, publisher: startBroadcast(host, ingest, { name, pid, buffer_pid }) }
  return accepted
}

async function openAllowed(host: Host, ingest: Ingest, pid: number): Promise<boolean> {
  // SRT opens its connection only once the push is accepted.
  if (ingest.protocol === 'srt') return true
  const first = ingest.protocol === 'rtmp' ? 'RTMP' : 'HTTP'
  const opened = await host.fire('CONN_OPEN', { stream: '', pid, lines: ['', ingest.host, first, ''] })
  await host.timeline.wait(HANDSHAKE_MS)
  if (!opened.allowed || ingest.protocol === 'rtmp') return opened.allowed
  const lines = [ingest.name, ingest.host, ingest.connector, '']
  return (await host.fire('CONN_OPEN', { stream: ingest.name, pid, lines })).allowed
}

/** The stream name that the rewrites leave, undefined when they refuse the publisher. */
async function rewriteName(host: Host, ingest: Ingest, pid: number): Promise<string | undefined> {
  if (ingest.protocol === 'rtmp') {
    const lines = [ingest.push_url, ingest.host]
    const rtmp = await host.fire('RTMP_PUSH_REWRITE', { stream: '', pid, lines })
    if (rtmp.asked && rtmp.value === '') return undefined
  }
  const lines = [ingest.push_url, ingest.host, ingest.name]
  const rewrite = await host.fire('PUSH_REWRITE', { stream: ingest.name, pid, lines })
  if (rewrite.action === 'deny') return undefined
  const kept = !rewrite.asked || rewrite.action === 'keep'
  return sanitizeName(kept ? ingest.name : rewrite.value) || undefined
}

/** Starts the buffer of a stream: its pid, or undefined when there is no such stream or a trigger says no. */
async function bootStream(host: Host, ingest: Ingest, name: string, pid: number): Promise<number | undefined> {
  const load = await host.fire('STREAM_LOAD', { stream: name, pid, lines: [name] })
  if (!load.allowed) return undefined
  const source = await host.fire('STREAM_SOURCE', { stream: name, pid, lines: [name] })
  const pushed = !source.asked || source.action !== 'value' || source.value === '' || source.value.startsWith('push://')
  if (source.action === 'offline') return undefined
  if (!isConfigured(host.settings, name) || !pushed) {
    const lines = [String(host.settings.config.defaultStream), ...connectionLines(ingest, name)]
    await host.fire('DEFAULT_STREAM', { stream: name, pid, lines })
    return undefined
  }
  const buffer_pid = host.nextPid()
  const ready = await host.fire('STREAM_READY', { stream: name, pid: buffer_pid, lines: [name, 'Buffer'] })
  if (!ready.allowed) return undefined
  await host.fire('STREAM_PROCESS', { stream: name, pid: buffer_pid, lines: [name] })
  return buffer_pid
}

async function closeRefused(
  host: Host,
  ingest: Ingest,
  pid: number,
  { code, text, name }: { code: string; text: string; name: string },
): Promise<void> {
  const now = unixSeconds(host)
  await host.fire('CONN_CLOSE', { stream: name, pid, lines: connectionLines(ingest, name) })
  const lines = [name, '', ingest.connector, 0, 0, now, now, 0, '18446744073709551615', 0, code, text, '']
  await host.fire('OUTPUT_END', { stream: name, pid, lines })
}
