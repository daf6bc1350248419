import { expect, test } from 'vitest'
import { createLog } from '../../shared/log.ts'
import { freshFolder } from '../testing/folder.ts'
import { Journal } from './journal.ts'
import { oldestSeconds } from './oldest.ts'

const clock = () => new Date('2026-01-01T00:10:00Z')
const eventAt = (time: string) => Buffer.from(JSON.stringify({ occurred_at: `2026-01-01T00:${time}Z` }))

test('the oldest event that is not acknowledged says how long events wait', async () => {
  await using journal = await Journal.open({ folder: await freshFolder(), log: createLog('helmsman') })
  expect(await oldestSeconds(journal, clock)).toBe(0)
  await journal.append(eventAt('04:00'))
  const first = journal.end
  await journal.append(eventAt('09:00'))
  expect(await oldestSeconds(journal, clock)).toBe(360)
  await journal.acknowledge(first)
  expect(await oldestSeconds(journal, clock)).toBe(60)
  // A clock that was set back makes no event of tomorrow.
  expect(await oldestSeconds(journal, () => new Date(0))).toBe(0)
  await journal.acknowledge(journal.end)
  expect(await oldestSeconds(journal, clock)).toBe(0)
})

test('what cannot be read says so, and metrics are answered', async () => {
  await using journal = await Journal.open({ folder: await freshFolder(), log: createLog('helmsman') })
  await journal.append(Buffer.from('no json'))
  expect(await oldestSeconds(journal, clock)).toBeNaN()
})
