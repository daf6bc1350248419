import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Fault } from '../fault.ts'
import type { EventLog } from './event-log.ts'

export interface BreakableEngine extends AsyncDisposable {
  open(report: (fault: Fault) => void): EventLog
  /** Ends the engine as a crash would. */
  kill(): Promise<void>
  /** Starts it again where it was, with what it had stored. */
  restart(): Promise<void>
}

/** A produce call tells within this time that the engine is down. */
const DOWN_MS_MAX = 20_000

const event = (value: string) => ({ key: 'one', value: Buffer.from(value), headers: {} })

/** What every engine's client promises while the engine itself is lost. */
export function describeOutage(name: string, start: () => Promise<BreakableEngine>): void {
  describe(`the event log on ${name}, when the engine is killed`, () => {
    let engine: BreakableEngine
    let log: EventLog
    const faults: Fault[] = []
    const topic = 'outage'

    beforeAll(async () => {
      engine = await start()
      log = engine.open((fault) => faults.push(fault))
    })

    afterAll(async () => {
      await log[Symbol.asyncDispose]()
      await engine[Symbol.asyncDispose]()
    })

    test('fails within a bounded time and asks for a retry; then goes on by itself, in order and without loss', async () => {
      await log.ensureTopic(topic, { partitions: 2 })
      const seen: string[] = []
      await using consumer = log.consume(
        { topic, group: 'outage', batch_records_max: 10, batch_wait_ms: 0 },
        async (batch) => {
          seen.push(...batch.map(({ value }) => Buffer.from(value).toString()))
        },
      )
      await log.produce(topic, [event('before')])
      await consumer.drained()

      await engine.kill()
      const started = performance.now()
      await expect(log.produce(topic, [event('lost')])).rejects.toMatchObject({ name: 'Fault', retry: true })
      expect(performance.now() - started).toBeLessThan(DOWN_MS_MAX)

      await engine.restart()
      await retried(() => log.produce(topic, [event('after')]))
      await retried(() => consumer.drained())
      expect(seen.filter((value) => value !== 'lost')).toEqual(['before', 'after'])
      expect(faults.every(({ retry }) => retry)).toBe(true)
    })
  })
}

/** Calls again for as long as the fault says that it may help, as callers do. */
async function retried<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof Error && 'retry' in error && error.retry)) throw error
    }
  }
}
