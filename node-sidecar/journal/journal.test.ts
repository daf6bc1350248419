import { appendFile, readdir, readFile, stat, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createLog } from '../../shared/log.ts'
import { freshFolder } from '../testing/folder.ts'
import { hangDisk } from '../testing/hang-disk.ts'
import { encodeFrame, RECORD_BYTES_MAX } from './frame.ts'
import { Journal, RETAINED_SHARE_MAX } from './journal.ts'
import { segmentPath } from './segment.ts'
import { WAITING_BYTES_MAX } from './writer.ts'

const log = createLog('helmsman')
const KIB = 1024

async function readAll(journal: Journal, from = journal.acknowledged): Promise<string[]> {
  const { records, end } = await journal.read(from, 100)
  return records.length === 0 ? [] : [...records.map(String), ...(await readAll(journal, end))]
}

function segmentsOf(folder: string): Promise<string[]> {
  return readdir(folder).then((names) => names.filter((name) => name.endsWith('.log')).sort())
}

function text(number: number, bytes = 10): Buffer {
  return Buffer.from(String(number).padEnd(bytes, '.'))
}

test('what was appended is read in order, also after a restart', async () => {
  const folder = await freshFolder()
  const numbers = Array.from({ length: 500 }, (_, i) => text(i))
  {
    await using journal = await Journal.open({ folder, log })
    await Promise.all(numbers.map((record) => journal.append(record)))
    expect(await readAll(journal)).toEqual(numbers.map(String))
  }
  await using journal = await Journal.open({ folder, log })
  expect(await readAll(journal)).toEqual(numbers.map(String))
  await journal.append(text(500))
  expect(await readAll(journal)).toHaveLength(501)
})

test('reading goes on where it was acknowledged, and acknowledged segments are deleted', async () => {
  const folder = await freshFolder()
  const options = { folder, log, segmentBytesMax: KIB }
  {
    await using journal = await Journal.open(options)
    for (let i = 0; i < 50; i++) await journal.append(text(i, 100))
    expect(await segmentsOf(folder)).toHaveLength(5)
    const { end } = await journal.read(0, 45)
    const more = await journal.read(end, 45)
    await journal.acknowledge(more.end)
    expect((await segmentsOf(folder)).length).toBeLessThan(5)
  }
  await using journal = await Journal.open(options)
  const rest = await readAll(journal)
  expect(rest.at(-1)).toBe(String(text(49, 100)))
  expect(rest.length).toBeLessThan(50)
  await journal.acknowledge(journal.end)
  expect(await readAll(journal)).toEqual([])
})

test('an acknowledgement never goes back, nor beyond the end', async () => {
  await using journal = await Journal.open({ folder: await freshFolder(), log })
  await journal.append(text(1))
  await journal.acknowledge(journal.end + 999)
  expect(journal.acknowledged).toBe(journal.end)
  await journal.acknowledge(0)
  expect(journal.acknowledged).toBe(journal.end)
})

test.each([
  ['half a record', encodeFrame(text(9)).subarray(0, 12)],
  ['half a header', Buffer.from([1, 2, 3])],
  ['zeros', Buffer.alloc(4096)],
  ['a record with a wrong checksum', Buffer.concat([encodeFrame(text(9)).subarray(0, 17), Buffer.from('!')])],
  ['a length beyond the file', Buffer.from([255, 255, 255, 127, 0, 0, 0, 0, 1])],
])('a torn tail of %s is cut at the start', async (_, tail) => {
  const folder = await freshFolder()
  {
    await using journal = await Journal.open({ folder, log })
    await journal.append(text(1))
  }
  const path = segmentPath(folder, 0)
  const whole = (await stat(path)).size
  await appendFile(path, tail)
  await using journal = await Journal.open({ folder, log })
  expect((await stat(path)).size).toBe(whole)
  await journal.append(text(2))
  expect(await readAll(journal)).toEqual([text(1), text(2)].map(String))
})

test('a damaged record costs the rest of its segment, and no more', async () => {
  const folder = await freshFolder()
  const options = { folder, log, segmentBytesMax: KIB }
  {
    await using journal = await Journal.open(options)
    for (let i = 0; i < 30; i++) await journal.append(text(i, 100))
  }
  const [first = ''] = await segmentsOf(folder)
  const bytes = await readFile(join(folder, first))
  bytes.write('!', 108 * 3 + 50)
  await writeFile(join(folder, first), bytes)
  await using journal = await Journal.open(options)
  const numbers = (await readAll(journal)).map((record) => Number.parseInt(record, 10))
  expect(numbers.slice(0, 3)).toEqual([0, 1, 2])
  expect(numbers[3]).toBeGreaterThan(3)
  expect(numbers.at(-1)).toBe(29)
})

test('a lost or broken acknowledgement means reading again, never losing', async () => {
  const folder = await freshFolder()
  {
    await using journal = await Journal.open({ folder, log })
    await journal.append(text(1))
    await journal.acknowledge(journal.end)
  }
  await writeFile(join(folder, 'acknowledged'), 'nonsense')
  await using journal = await Journal.open({ folder, log })
  expect(await readAll(journal)).toEqual([String(text(1))])
})

test('a journal is open once', async () => {
  const folder = await freshFolder()
  await using journal = await Journal.open({ folder, log })
  await expect(Journal.open({ folder, log })).rejects.toMatchObject({ kind: 'conflict', reason: 'journal_claimed' })
  await journal.append(text(1))
})

test('samples are refused before facts are', async () => {
  await using journal = await Journal.open({ folder: await freshFolder(), log, bytesMax: 10 * KIB })
  while (journal.fullness < 0.8) await journal.append(text(0, 500))
  await expect(journal.append(text(1), 'sample')).rejects.toMatchObject({ reason: 'journal_full' })
  while (journal.fullness < 1) await journal.append(text(0, 500))
  await expect(journal.append(text(1), 'fact')).rejects.toMatchObject({ kind: 'unavailable', reason: 'journal_full' })
})

test('what is retained is readable after its acknowledgement, until new records need the room', async () => {
  const options = { folder: await freshFolder(), log, segmentBytesMax: KIB, bytesMax: 20 * KIB }
  await using journal = await Journal.open(options)
  journal.retain(0)
  for (let i = 0; i < 30; i++) await journal.append(text(i, 100))
  await journal.acknowledge(journal.end)
  expect(await readAll(journal, 0)).toHaveLength(30)
  for (let i = 30; journal.fullness <= RETAINED_SHARE_MAX; i++) await journal.append(text(i, 100))
  await journal.acknowledge(journal.end)
  expect((await readAll(journal, 0)).length).toBeLessThan(30)
})

test('a record is neither empty nor beyond the limit', async () => {
  await using journal = await Journal.open({ folder: await freshFolder(), log })
  await journal.append(Buffer.alloc(RECORD_BYTES_MAX, 'x'))
  for (const length of [0, RECORD_BYTES_MAX + 1]) {
    await expect(journal.append(Buffer.alloc(length))).rejects.toMatchObject({ reason: 'record_too_large' })
  }
  expect((await readAll(journal)).map((record) => record.length)).toEqual([RECORD_BYTES_MAX])
})

test('a disk that is full refuses, and is tried again', async () => {
  const folder = await freshFolder()
  await using journal = await Journal.open({ folder, log })
  await symlink('/dev/full', segmentPath(folder, 0))
  const lost = [journal.append(text(1)), journal.append(text(2))]
  for (const append of lost) await expect(append).rejects.toMatchObject({ reason: 'journal_write_failed', retry: true })
  expect(journal.failure).toBe('ENOSPC')
  await unlink(segmentPath(folder, 0))
  await journal.append(text(3))
  expect(journal.failure).toBeNull()
  expect(await readAll(journal)).toEqual([String(text(3))])
})

test('a disk that hangs lets only so much wait in memory', async () => {
  const folder = await freshFolder()
  await using journal = await Journal.open({ folder, log })
  await using hang = await hangDisk(segmentPath(folder, 0))
  const record = Buffer.alloc(RECORD_BYTES_MAX, 'x')
  const waiting: Promise<unknown>[] = []
  // The first goes to the disk at once and hangs there.
  for (let bytes = -RECORD_BYTES_MAX; bytes + RECORD_BYTES_MAX < WAITING_BYTES_MAX; bytes += RECORD_BYTES_MAX) {
    waiting.push(
      journal.append(record).then(
        () => 'durable',
        () => 'refused',
      ),
    )
  }
  await expect(journal.append(record)).rejects.toMatchObject({ kind: 'unavailable', reason: 'journal_busy' })
  await hang[Symbol.asyncDispose]()
  const durable = (await Promise.all(waiting)).filter((outcome) => outcome === 'durable')
  expect(await readAll(journal)).toHaveLength(durable.length)
})

test('a reader that waits is woken by an append and by its signal', async () => {
  await using journal = await Journal.open({ folder: await freshFolder(), log })
  const waiting = journal.wait(journal.end, new AbortController().signal)
  await journal.append(text(1))
  await waiting
  const stop = new AbortController()
  const stopped = journal.wait(journal.end, stop.signal)
  stop.abort()
  await stopped
})
