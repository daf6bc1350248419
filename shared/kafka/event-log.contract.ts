import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { Fault } from '../fault.ts'
import { mulberry32 } from '../mulberry32.ts'
import { type CrashPlan, type EngineAddress, openEventLog } from './crash-member.ts'
import type { ConsumedRecord, ConsumeOptions, Consumer, EventLog, EventRecord, RecordPosition } from './event-log.ts'
import { RECORD_BYTES_MAX } from './record-size.ts'

export interface Engine extends AsyncDisposable {
  address: EngineAddress
}

const PARTITIONS = 4
/** How often a member joins or leaves in the churn test. */
const CHURN_STEPS = 12
const CRASH_MEMBER = fileURLToPath(new URL('crash-member.ts', import.meta.url))

const text = (record: ConsumedRecord) => Buffer.from(record.value).toString()
const event = (key: string, value: string): EventRecord => ({ key, value: Buffer.from(value), headers: {} })
const numbered = (count: number) => Array.from({ length: count }, (_, i) => event(`key-${i % 20}`, String(i)))
const sorted = (values: string[]) => values.map(Number).sort((a, b) => a - b)
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)

/** What every engine of the event log promises. */
export function describeEventLog(name: string, start: () => Promise<Engine>): void {
  describe(`the event log on ${name}`, () => {
    let engine: Engine
    let log: EventLog
    let topic: string
    let of: ConsumeOptions

    beforeAll(async () => {
      engine = await start()
      log = openEventLog(engine.address)
    })

    afterAll(async () => {
      await log[Symbol.asyncDispose]()
      await engine[Symbol.asyncDispose]()
    })

    beforeEach(async () => {
      topic = `topic-${crypto.randomUUID()}`
      of = { topic, group: `group-${crypto.randomUUID()}`, batch_records_max: 100, batch_wait_ms: 5 }
      await log.ensureTopic(topic, { partitions: PARTITIONS })
    })

    /** Consumes into a list until drained, then closes. */
    async function consumeAll(options: Partial<ConsumeOptions> = {}): Promise<ConsumedRecord[]> {
      const seen: ConsumedRecord[] = []
      await using consumer = log.consume({ ...of, ...options }, async (batch) => {
        seen.push(...batch)
      })
      await consumer.drained()
      return seen
    }

    test('gives each record its own offset, without gaps, and keeps each key in order under concurrent producers', async () => {
      await using other = openEventLog(engine.address)
      const producers = [log, log, other, other].map(async (producer, p) => {
        const positions: RecordPosition[] = []
        for (let i = 0; i < 40; i++) {
          const pair = [event(`producer-${p}`, String(2 * i)), event(`producer-${p}`, String(2 * i + 1))]
          positions.push(...(await producer.produce(topic, [...pair, event('shared', `${p}`)])))
        }
        return positions
      })
      const positions = (await Promise.all(producers)).flat()
      const offsets = Map.groupBy(positions, ({ partition }) => partition)
      for (const inPartition of offsets.values()) {
        expect(inPartition.map(({ offset }) => Number(offset)).sort((a, b) => a - b)).toEqual(upTo(inPartition.length))
      }
      const seen = Map.groupBy(await consumeAll(), ({ key }) => key)
      expect(seen.get('shared')).toHaveLength(160)
      for (let p = 0; p < 4; p++) expect(seen.get(`producer-${p}`)?.map((r) => Number(text(r)))).toEqual(upTo(80))
    })

    test('answers the positions at which records are then consumed', async () => {
      const records = numbered(50)
      const positions = await log.produce(topic, records)
      const seen = await consumeAll()
      const at = new Map(seen.map((r) => [`${r.partition}:${r.offset}`, text(r)]))
      expect(positions.map(({ partition, offset }) => at.get(`${partition}:${offset}`))).toEqual(upTo(50).map(String))
    })

    test('carries binary values, empty values, UTF-8 headers and source times unchanged', async () => {
      const value = Uint8Array.from({ length: 256 }, (_, i) => i)
      const headers = { tenant_id: 'ten_ä', naïve: '日本 🎥 "quoted" \\ {}', empty: '' }
      const timestamp_ms = Date.parse('2021-02-03T04:05:06.789Z')
      await log.produce(topic, [
        { key: 'ключ', value, headers, timestamp_ms },
        { key: '', value: new Uint8Array(), headers: {} },
      ])
      const seen = await consumeAll()
      const full = seen.find(({ key }) => key === 'ключ')
      expect(full).toMatchObject({ headers, timestamp_ms })
      expect(Buffer.from(full?.value ?? []).equals(value)).toBe(true)
      const empty = seen.find(({ key }) => key === '')
      expect(empty?.value).toHaveLength(0)
      expect(empty?.headers).toEqual({})
      expect(Math.abs((empty?.timestamp_ms ?? 0) - Date.now())).toBeLessThan(60_000)
    })

    test('takes a source time that is ahead of the clock as now, and spoils no neighbour by it', async () => {
      const year_ms = 365 * 24 * 3_600_000
      await log.produce(topic, [{ ...event('ahead', '0'), timestamp_ms: Date.now() + year_ms }, event('other', '1')])
      const times = (await consumeAll()).map(({ timestamp_ms }) => timestamp_ms)
      expect(times).toHaveLength(2)
      expect(Math.max(...times)).toBeLessThanOrEqual(Date.now())
    })

    test('does not hand out a committed batch again after a restart', async () => {
      await log.produce(topic, numbered(30))
      expect(sorted((await consumeAll()).map(text))).toEqual(upTo(30))
      await log.produce(topic, [event('later', '30')])
      expect((await consumeAll()).map(text)).toEqual(['30'])
    })

    test('hands out an uncommitted batch again, and leaves the error of its handler visible', async () => {
      await log.produce(topic, numbered(30))
      const failure = new Error('cannot be handled')
      const failed: string[] = []
      await using consumer = log.consume(of, async (batch) => {
        failed.push(...batch.map(text))
        throw failure
      })
      await expect(consumer.done).rejects.toBe(failure)
      await expect(consumer.drained()).rejects.toBe(failure)
      expect(failed.length).toBeGreaterThan(0)
      expect(sorted((await consumeAll()).map(text))).toEqual(upTo(30))
    })

    test('stops on a fault that no retry can mend', async () => {
      await log.produce(topic, numbered(1))
      const fault = new Fault('invalid', 'bad_event', 'No')
      let calls = 0
      await using consumer = log.consume(of, async () => {
        calls++
        throw fault
      })
      await expect(consumer.done).rejects.toBe(fault)
      expect(calls).toBe(1)
    })

    test('runs a batch again, in order, while its handler asks for a retry', async () => {
      const key = 'one'
      await log.produce(topic, [event(key, '0'), event(key, '1'), event(key, '2')])
      const calls: string[] = []
      const handled: string[] = []
      await using consumer = log.consume({ ...of, batch_records_max: 1 }, async (batch) => {
        calls.push(...batch.map(text))
        if (calls.length < 3) throw new Fault('unavailable', 'store_down', 'Later')
        handled.push(...batch.map(text))
      })
      await consumer.drained()
      expect(calls).toEqual(['0', '0', '0', '1', '2'])
      expect(handled).toEqual(['0', '1', '2'])
    })

    test('closes during a retry without committing the batch', async () => {
      await log.produce(topic, numbered(1))
      const tried = Promise.withResolvers<void>()
      const closer = new AbortController()
      const consumer = log.consume({ ...of, signal: closer.signal }, async () => {
        tried.resolve()
        throw new Fault('unavailable', 'store_down', 'Later')
      })
      await tried.promise
      closer.abort()
      await consumer.done
      expect((await consumeAll()).map(text)).toEqual(['0'])
    })

    test('lets the batch in hand finish and commit when it closes', async () => {
      await log.produce(topic, numbered(1))
      const started = Promise.withResolvers<void>()
      const finish = Promise.withResolvers<void>()
      const consumer = log.consume(of, async () => {
        started.resolve()
        await finish.promise
      })
      await started.promise
      const closed = consumer.close()
      finish.resolve()
      await closed
      await consumer.close()
      expect(await log.lag(of)).toMatchObject(upTo(PARTITIONS).map(() => ({ lag: 0n })))
    })

    test('cuts batches at their size, and waits only the given time for a fuller one', async () => {
      await log.produce(topic, numbered(25))
      const sizes: number[] = []
      await using consumer = log.consume({ ...of, batch_records_max: 10, batch_wait_ms: 20 }, async (batch) => {
        sizes.push(batch.length)
      })
      await consumer.drained()
      expect(Math.max(...sizes)).toBeLessThanOrEqual(10)
      expect(sizes.reduce((a, b) => a + b)).toBe(25)
    })

    test('hands over the next batch while the second step of one runs, and commits each after its own', async () => {
      const key = 'one'
      await log.produce(topic, [event(key, '0'), event(key, '1'), event(key, '2')])
      const committed = async () => (await log.lag(of)).reduce((sum, part) => sum + part.committed, 0n)
      const started: string[] = []
      const held = upTo(3).map(() => Promise.withResolvers<void>())
      const consumer = log.consume({ ...of, batch_records_max: 1 }, async ([record]) => {
        const value = record ? text(record) : ''
        started.push(value)
        return () => held[Number(value)]?.promise ?? Promise.resolve()
      })
      onTestFinished(() => {
        for (const { resolve } of held) resolve()
        return consumer.close()
      })
      await expect.poll(() => started).toEqual(['0', '1'])
      expect(await committed()).toBe(0n)
      held[1]?.resolve()
      held[0]?.resolve()
      await expect.poll(committed).toBe(2n)
      const closed = consumer.close()
      held[2]?.resolve()
      await closed
      expect(await committed()).toBe(3n)
    })

    test('hands out again, from the first one on, what lay behind a second step that closing broke off', async () => {
      const key = 'one'
      await log.produce(topic, [event(key, '0'), event(key, '1'), event(key, '2')])
      const tried = Promise.withResolvers<void>()
      const consumer = log.consume({ ...of, batch_records_max: 1 }, async ([record]) => async () => {
        if (record && text(record) === '0') return
        tried.resolve()
        throw new Fault('unavailable', 'store_down', 'Later')
      })
      await tried.promise
      await consumer.close()
      expect((await consumeAll()).map(text)).toEqual(['1', '2'])
    })

    test('stops when a second step fails for good, even with nothing more to hand over', async () => {
      await log.produce(topic, numbered(1))
      const failure = new Error('cannot be handled')
      await using consumer = log.consume(of, async () => () => Promise.reject(failure))
      await expect(consumer.done).rejects.toBe(failure)
      expect(await consumeAll()).toHaveLength(1)
    })

    test('shows every group every record', async () => {
      await log.produce(topic, numbered(10))
      expect(await consumeAll()).toHaveLength(10)
      expect(await consumeAll({ group: `${of.group}-other` })).toHaveLength(10)
    })

    test('shares partitions among members, and hands them over without loss when one leaves', async () => {
      await using other = openEventLog(engine.address)
      const seen: Record<'first' | 'second', ConsumedRecord[]> = { first: [], second: [] }
      const collect = (into: ConsumedRecord[]) => async (batch: ConsumedRecord[]) => {
        into.push(...batch)
      }
      await using first = log.consume(of, collect(seen.first))
      const second = other.consume(of, collect(seen.second))
      let produced = 0
      const produceSome = async () => {
        const records = upTo(40).map((i) => event(`key-${i}`, String(produced + i)))
        produced += records.length
        await log.produce(topic, records)
      }
      await untilBoth(seen, produceSome, first)
      await second.close()
      await produceSome()
      await first.drained()
      const values = new Set([...seen.first, ...seen.second].map(text))
      expect(values.size).toBe(produced)
    })

    test('hands what a killed member had not committed to another, and nothing that it had', async () => {
      const key = 'one'
      await log.produce(
        topic,
        upTo(5).map((i) => event(key, String(i))),
      )
      const killed = await runUntilHeld({ address: engine.address, topic, group: of.group, hold_at: '3' })
      expect(killed).toEqual(['0', '1', '2', '3'])
      expect((await consumeAll()).map(text)).toEqual(['3', '4'])
    })

    test.each(['at once', 'in a second step'])(
      'loses nothing and keeps each key in order while members come and go, handling %s',
      async (when) => {
        const seed = Number(process.env.TEST_SEED ?? Date.now() % 1_000_000)
        const random = mulberry32(seed)
        const seen: ConsumedRecord[] = []
        const join = () =>
          log.consume({ ...of, batch_records_max: 7, batch_wait_ms: 1 }, async (batch) => {
            const handle = async () => {
              if (random() < 0.1) throw new Fault('unavailable', 'store_down', 'Later')
              seen.push(...batch)
            }
            if (when !== 'at once') return handle
            await handle()
          })
        const members = [join()]
        let produced = 0
        for (let step = 0; step < CHURN_STEPS; step++) {
          const records = upTo(30).map(() => event(`key-${Math.floor(random() * 10)}`, String(produced++)))
          await log.produce(topic, records)
          if (members.length < 2 || (members.length < 4 && random() < 0.5)) members.push(join())
          else await members.shift()?.close()
        }
        await members[0]?.drained()
        await Promise.all(members.map((member) => member.close()))
        expect(sorted([...new Set(seen.map(text))]), `TEST_SEED=${seed}`).toEqual(upTo(produced))
        for (const [key, records] of Map.groupBy(seen, (record) => record.key)) {
          const firsts = [...new Set(records.map((record) => Number(text(record))))]
          expect(firsts, `TEST_SEED=${seed} ${key}`).toEqual(firsts.toSorted((a, b) => a - b))
        }
      },
    )

    test('tells how far a group is behind in each partition', async () => {
      const lagOf = async () => (await log.lag(of)).reduce((sum, { lag }) => sum + lag, 0n)
      expect(await log.lag(of)).toHaveLength(PARTITIONS)
      expect(await lagOf()).toBe(0n)
      await log.produce(topic, numbered(30))
      expect(await lagOf()).toBe(30n)
      await consumeAll()
      expect(await lagOf()).toBe(0n)
    })

    test('is drained at once when there is nothing to do', async () => {
      expect(await consumeAll()).toEqual([])
    })

    test('is drained only when all that was produced before has been handled', async () => {
      const release = Promise.withResolvers<void>()
      const seen: string[] = []
      await using consumer = log.consume({ ...of, batch_records_max: 10 }, async (batch) => {
        await release.promise
        seen.push(...batch.map(text))
      })
      await log.produce(topic, numbered(200))
      let drained = false
      const draining = consumer.drained().then(() => {
        drained = true
      })
      await log.lag(of)
      expect(drained).toBe(false)
      release.resolve()
      await draining
      expect(sorted(seen)).toEqual(upTo(200))
    })

    test('carries 10,000 records through', async () => {
      const calls = upTo(10).map((part) =>
        log.produce(
          topic,
          upTo(1000).map((i) => event(`key-${i % 50}`, String(part * 1000 + i))),
        ),
      )
      await Promise.all(calls)
      expect(sorted((await consumeAll({ batch_records_max: 1000 })).map(text))).toEqual(upTo(10_000))
    })

    test('takes a record of the largest size, and several of them in one call', async () => {
      const value = new Uint8Array(RECORD_BYTES_MAX - 100).map((_, i) => (i * 7919) >> 3)
      await log.produce(
        topic,
        [1, 2, 3].map((n) => ({ key: `big-${n}`, value, headers: {} })),
      )
      const seen = await consumeAll()
      expect(seen.map((r) => Buffer.from(r.value).equals(value))).toEqual([true, true, true])
    })

    test('refuses a record that is too large, without a retry and without its neighbours', async () => {
      const big = { key: 'big', value: new Uint8Array(RECORD_BYTES_MAX), headers: {} }
      const produce = log.produce(topic, [event('small', '0'), big])
      await expect(produce).rejects.toMatchObject({ name: 'Fault', reason: 'record_too_large', retry: false })
      expect(await consumeAll()).toEqual([])
    })

    test('refuses text that an engine could not store', async () => {
      const nul = log.produce(topic, [event('a\0b', '0')])
      await expect(nul).rejects.toMatchObject({ reason: 'invalid_record', retry: false })
      const half = log.produce(topic, [{ ...event('a', '0'), headers: { half: '\ud83c' } }])
      await expect(half).rejects.toMatchObject({ reason: 'invalid_record', retry: false })
    })

    test('names a topic that does not exist, to producers, consumers and lag', async () => {
      const missing = { ...of, topic: `${topic}-missing` }
      const unknown = { name: 'Fault', reason: 'unknown_topic', retry: false }
      await expect(log.produce(missing.topic, [event('a', '0')])).rejects.toMatchObject(unknown)
      await expect(log.lag(missing)).rejects.toMatchObject(unknown)
      await expect(log.consume(missing, async () => undefined).done).rejects.toMatchObject(unknown)
    })

    test('keeps an existing topic as it is', async () => {
      await log.produce(topic, numbered(3))
      await log.ensureTopic(topic, { partitions: PARTITIONS + 5 })
      expect(await log.lag(of)).toHaveLength(PARTITIONS)
      expect(await consumeAll()).toHaveLength(3)
    })
  })
}

/** Produces until both members have handled something. */
async function untilBoth(
  seen: Record<'first' | 'second', ConsumedRecord[]>,
  produceSome: () => Promise<void>,
  consumer: Consumer,
): Promise<void> {
  while (seen.first.length === 0 || seen.second.length === 0) {
    await produceSome()
    await consumer.drained()
  }
}

/** Runs a member in a process of its own, kills it as it holds the planned record, and answers what it was given. */
async function runUntilHeld(plan: CrashPlan): Promise<string[]> {
  const child: ChildProcess = spawn(process.execPath, [CRASH_MEMBER], {
    env: { ...process.env, CRASH_PLAN: JSON.stringify(plan) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (!child.stdout) throw new Error('the member has no output')
  const exited = once(child, 'exit')
  const given: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    given.push(line)
    if (line === plan.hold_at) child.kill('SIGKILL')
  }
  await exited
  return given
}
