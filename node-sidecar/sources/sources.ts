import { LRUCache } from 'lru-cache'
import type { Client } from '../../shared/client/client.ts'
import { toFault } from '../../shared/fault.ts'
import type { Log } from '../../shared/log.ts'
import type { Uptime } from '../moment.ts'

/** MistServer's viewers wait meanwhile. */
export const SOURCE_TIMEOUT_MS = 2_000
/** Several viewers who come at once lead to one question. */
export const SOURCE_FRESH_MS = 1_000
export const SOURCES_MAX = 1_000
const SOURCE_CHARS_MAX = 512

/** The one kind of source that Foghorn names: another media host. */
const DTSC = /^dtscs?:\/\/[\x21-\x7e]+$/

interface SourcesOptions {
  foghorn: Pick<Client, 'baseUrl' | 'token'>
  uptime: Uptime
  log: Log
  timeoutMs?: number
}

/** Asks Foghorn which media host a stream can be pulled from. */
export class Sources {
  readonly #options: SourcesOptions
  readonly #asked: LRUCache<string, Promise<string | null>>

  constructor(options: SourcesOptions) {
    this.#options = options
    this.#asked = new LRUCache({
      max: SOURCES_MAX,
      ttl: SOURCE_FRESH_MS,
      ttlResolution: 0,
      perf: { now: options.uptime },
    })
  }

  /** `dtsc://host:port` of a host that has the stream; null when there is none, or Foghorn does not say in time. */
  find(runtime_name: string): Promise<string | null> {
    const asked = this.#asked.get(runtime_name)
    if (asked !== undefined) return asked
    const asking = this.#ask(runtime_name)
    this.#asked.set(runtime_name, asking)
    return asking
  }

  async #ask(runtime_name: string): Promise<string | null> {
    const { foghorn, log, timeoutMs = SOURCE_TIMEOUT_MS } = this.#options
    try {
      const signal = AbortSignal.timeout(timeoutMs)
      const token = await foghorn.token?.()
      const url = new URL(`?${new URLSearchParams({ source: runtime_name })}`, foghorn.baseUrl)
      const headers = { authorization: `Bearer ${token}`, accept: 'text/plain' }
      const response = await fetch(url, { headers, redirect: 'error', signal })
      const text = (await response.text()).trim()
      if (!response.ok) throw new Error(`status ${response.status}`)
      return text.length <= SOURCE_CHARS_MAX && DTSC.test(text) ? text : null
    } catch (error) {
      log.warn('Foghorn names no source', { code: toFault(error).reason, error })
      return null
    }
  }
}
