import { appendFile, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freshFolder } from '../testing/folder.ts'
import { DEAD_LETTERS_LISTED_MAX, type DeadLetter, DeadLetters } from './dead-letters.ts'

function letter(number: number): DeadLetter {
  return { at: '2026-11-24T01:00:00.000Z', kind: 'event', name: 'stream-end', reason: String(number), content: null }
}

test('letters are listed newest first, up to the limit, and only their owner may read them', async () => {
  const path = join(await freshFolder(), 'letters', 'dead.jsonl')
  const letters = new DeadLetters(path)
  expect(await letters.list()).toEqual([])
  await Promise.all(Array.from({ length: DEAD_LETTERS_LISTED_MAX + 5 }, (_, i) => letters.add([letter(i)])))
  const listed = await letters.list()
  expect(listed).toHaveLength(DEAD_LETTERS_LISTED_MAX)
  expect(listed[0]?.reason).toBe(String(DEAD_LETTERS_LISTED_MAX + 4))
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('a line that a crash cut short spoils no other', async () => {
  const path = join(await freshFolder(), 'dead.jsonl')
  const letters = new DeadLetters(path)
  await letters.add([letter(1)])
  await appendFile(path, '{"at":"20\n')
  await letters.add([letter(2)])
  expect((await letters.list()).map(({ reason }) => reason)).toEqual(['2', '1'])
})

test('at its limit the file is set aside', async () => {
  const path = join(await freshFolder(), 'dead.jsonl')
  const letters = new DeadLetters(path, 250)
  for (const number of [1, 2, 3]) await letters.add([letter(number)])
  expect((await letters.list()).map(({ reason }) => reason)).toEqual(['3'])
  expect(await readFile(`${path}.old`, 'utf8')).toContain('"reason":"2"')
})

test('letters that are taken are gone once they are delivered, those set aside too, and no others', async () => {
  const path = join(await freshFolder(), 'dead.jsonl')
  const letters = new DeadLetters(path, 250)
  for (const number of [1, 2, 3]) await letters.add([letter(number)])
  const delivered: string[] = []
  const odd = ({ reason }: DeadLetter) => reason !== '3'
  const failing = letters.take(odd, () => Promise.reject(new Error('full')))
  await expect(failing).rejects.toThrow('full')
  const taken = await letters.take(odd, async (all) => void delivered.push(...all.map(({ reason }) => reason)))
  expect([taken, delivered]).toEqual([2, ['1', '2']])
  expect((await letters.list()).map(({ reason }) => reason)).toEqual(['3'])
  expect(await readFile(`${path}.old`, 'utf8')).toBe('')
  await letters.add([letter(4)])
  expect((await letters.list()).map(({ reason }) => reason)).toEqual(['4', '3'])
})
