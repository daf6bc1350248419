import type { Publisher } from './publishers.ts'
import type { RecordedCall } from './recording.ts'

/** What stands for a recorded stream now. */
interface Substitute {
  runtime_name: string
  playback_id: string
  stream_key: string
}

/** By recorded runtime name. */
export type Substitutes = ReadonlyMap<string, Substitute>

/** Triggers of a publisher's connection that show its URL, and in it the stream key. */
const SHOWS_KEY = new Set(['RTMP_PUSH_REWRITE', 'PUSH_REWRITE', 'STREAM_PUSH', 'CONN_OPEN', 'CONN_CLOSE', 'OUTPUT_END'])

/** The body of a recorded call with today's names and keys in place of the recorded ones. */
export function rewriteBody(call: RecordedCall, substitutes: Substitutes, publisher: Publisher | undefined): string {
  const { trigger, body } = call
  if (trigger === 'PUSH_REWRITE' && publisher?.stream === undefined) return body
  const today = publisher?.stream === undefined ? undefined : substitutes.get(publisher.stream)
  if (publisher && today && SHOWS_KEY.has(trigger)) {
    const lines = body.split('\n')
    const keyed = lines.map((line, index) => {
      const isKey = trigger === 'PUSH_REWRITE' && index === 2
      if (isKey) return today.stream_key
      return line.includes('://') ? replaceKey(line, publisher.key, today.stream_key) : line
    })
    return replaceNames(keyed.join('\n'), substitutes, ({ runtime_name }) => runtime_name)
  }
  const shown = trigger === 'PLAY_REWRITE' ? 'playback_id' : 'runtime_name'
  return replaceNames(body, substitutes, (substitute) => substitute[shown])
}

/** The key is the last part of a path, or the streamid of SRT, plain or percent-encoded. */
function replaceKey(url: string, key: string, today: string): string {
  for (const form of [encodeURIComponent(key), lowerEscapes(key), key]) {
    for (const before of ['/', 'streamid=']) {
      const at = url.lastIndexOf(before + form)
      const end = at + before.length + form.length
      if (at >= 0 && /^([?&]|$)/.test(url.slice(end))) return url.slice(0, at) + before + today + url.slice(end)
    }
  }
  return url
}

function replaceNames(text: string, substitutes: Substitutes, show: (substitute: Substitute) => string): string {
  let replaced = text
  for (const [name, substitute] of substitutes) {
    const today = show(substitute)
    const forms = [
      [name, today],
      [lowerEscapes(name), lowerEscapes(today)],
      [encodeURIComponent(name), encodeURIComponent(today)],
    ] as const
    for (const [form, by] of forms) {
      // Not inside a longer name: live+a must not touch live+a4. An underscore may come before: json_live%2ba.js.
      const whole = new RegExp(`(?<![A-Za-z0-9+%])${escapeForRegExp(form)}(?![\\w+%])`, 'g')
      replaced = replaced.replace(whole, () => by)
    }
  }
  return replaced
}

function escapeForRegExp(text: string): string {
  return text.replace(/\W/g, '\\$&')
}

/** MistServer's own percent-encoding has lower-case digits: live%2btest. */
function lowerEscapes(name: string): string {
  return encodeURIComponent(name).replace(/%[0-9A-F]{2}/g, (digits) => digits.toLowerCase())
}
