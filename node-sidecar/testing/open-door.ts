import { join } from 'node:path'
import { Hono } from 'hono'
import { Registry } from 'prom-client'
import { onTestFinished } from 'vitest'
import type { SentEvent } from '../../shared/events/envelope.ts'
import { Gate } from '../control-plane/gate.ts'
import { DeadLetters } from '../journal/dead-letters.ts'
import { Journal } from '../journal/journal.ts'
import { recordEvents } from '../journal/record-events.ts'
import { createMetrics } from '../metrics.ts'
import { createDoor, type DoorOptions } from '../mist/door.ts'
import { createHttpDoor } from '../mist/http-door.ts'
import { serve } from '../serve.ts'
import { Publishers } from '../sources/publishers.ts'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import { freshFolder } from './folder.ts'
import { captureLog } from './log-lines.ts'

export interface OpenDoor {
  url: URL
  plane: ControlPlane
  journal: Journal
  journalFolder: string
  deadLetters: DeadLetters
  lines: string[]
  /** What the clock says; tests set it. */
  now: Date
  /** Sends a trigger as MistServer does; each call is a new firing unless `headers` say otherwise. */
  fire(name: string, body: string | Uint8Array, headers?: Record<string, string>): Promise<Response>
  /** Everything journalled so far. */
  events(): Promise<SentEvent[]>
}

interface OpenOptions extends Pick<DoorOptions, 'isMediaHost'> {
  allowRemote?: boolean
  decisionTimeoutMs?: number
  journalBytesMax?: number
}

/** A door on a real port over a real journal, and a gate that asks a real port. */
export async function openDoor({
  decisionTimeoutMs,
  journalBytesMax,
  allowRemote = false,
  ...options
}: OpenOptions = {}): Promise<OpenDoor> {
  const folder = await freshFolder()
  const { log, lines } = captureLog()
  const plane = await startControlPlane()
  const bytesMax = journalBytesMax === undefined ? {} : { bytesMax: journalBytesMax }
  const journal = await Journal.open({ folder: join(folder, 'journal'), log, ...bytesMax })
  onTestFinished(() => journal[Symbol.asyncDispose]())
  const deadLetters = new DeadLetters(join(folder, 'dead-letters.jsonl'))
  const clock = () => opened.now
  const uptime = () => opened.now.getTime()
  const timeout = decisionTimeoutMs === undefined ? {} : { timeoutMs: decisionTimeoutMs }
  const door = createDoor({
    node_id: 'nod_1',
    gate: new Gate({ commodore: plane.client, clock, uptime, log, ...timeout }),
    publishers: new Publishers(async () => new Map()),
    sourceUrl: () => new URL('http://127.0.0.1:18007/source'),
    journal,
    record: (events) => recordEvents(journal, events),
    deadLetters,
    metrics: createMetrics(new Registry()),
    clock,
    uptime,
    log,
    ...options,
  })
  const triggers = createHttpDoor({ door, allowRemote })
  const served = await serve(new Hono(), { hostname: '127.0.0.1', port: 0, triggers })
  onTestFinished(() => served[Symbol.asyncDispose]())
  const url = new URL(`http://127.0.0.1:${served.port}`)
  const opened: OpenDoor = {
    url,
    plane,
    journal,
    journalFolder: join(folder, 'journal'),
    deadLetters,
    lines,
    now: new Date('2026-11-24T01:00:00.000Z'),
    fire: async (name, body, headers = {}) => {
      const sent = new Headers({
        'x-trigger': name,
        'x-trigger-uuid': crypto.randomUUID(),
        'content-type': 'text/plain',
      })
      for (const [header, value] of Object.entries(headers)) sent.set(header, value)
      return fetch(new URL(`/triggers/${name}`, url), { method: 'POST', headers: sent, body })
    },
    events: async () => {
      const { records } = await journal.read(0, 10_000)
      return records.map((record) => JSON.parse(String(record)) as SentEvent)
    },
  }
  return opened
}
