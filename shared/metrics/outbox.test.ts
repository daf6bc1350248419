import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { Fault } from '../fault.ts'
import { drain } from '../outbox/drain.ts'
import { enqueue } from '../outbox/enqueue.ts'
import { openDatabase } from '../postgres/database.ts'
import { freshDatabase } from '../testing/postgres.ts'
import { showOutbox } from './outbox.ts'

test('what is due, put off and given up is told apart, and nothing is told while the database is away', async () => {
  await using database = await freshDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'migrations-'))
  const text = await readFile(new URL('../outbox/outbox.sql', import.meta.url), 'utf8')
  await writeFile(join(folder, '001_outbox.sql'), text.replaceAll('SERVICE', 'sample'))
  await database.migrate({ schema: 'sample', folder: pathToFileURL(folder) })
  const db = openDatabase<object>(database.pool(database.urlAs('sample')))
  const start = new Date('2026-01-01T00:00:00Z')
  const now = new Date('2026-01-01T00:05:00Z')
  const registry = new Registry()
  const readFigures = showOutbox(registry, db, () => now)
  expect(await registry.metrics()).toContain('outbox_overdue_seconds 0\n')

  const put = (kind: string, due_at?: Date) =>
    db.within({ tenant_id: 'ten_a' }, (tx) =>
      enqueue(tx, { kind, tenant_id: 'ten_a', payload: {}, ...(due_at && { due_at }) }, start),
    )
  await put('refused')
  const refuse = async () => {
    throw new Fault('invalid', 'refused', 'No.')
  }
  await drain(db, { refused: refuse }, { now: () => start, batch_max: 1 })
  await put('waiting')
  await put('waiting')
  await put('waiting', new Date('2026-01-02T00:00:00Z'))
  const told = await registry.metrics()
  expect(told).toContain('outbox_messages{kind="refused",state="parked"} 1')
  expect(told).toContain('outbox_messages{kind="waiting",state="due"} 2')
  expect(told).toContain('outbox_messages{kind="waiting",state="later"} 1')
  expect(told).toContain('outbox_overdue_seconds 300\n')
  expect(await readFigures()).toEqual({ OutboxOverdue: 300 })

  await db[Symbol.asyncDispose]()
  const silent = await registry.metrics()
  expect(silent).not.toMatch(/^outbox_/m)
  expect(await readFigures()).toEqual({})
})
