import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createFolderMailer, FOLDER_MAILS_MAX, readMails } from './folder.ts'

test('a folder keeps its newest mails, the last one first', async () => {
  const folder = join(await mkdtemp(join(tmpdir(), 'mails-')), 'inbox')
  expect(await readMails(folder)).toEqual([])
  const mailer = createFolderMailer(folder)
  const signal = new AbortController().signal
  for (let n = 0; n < FOLDER_MAILS_MAX + 3; n++) {
    await mailer.send({ to: 'ann@example.com', subject: `${n}`, text: 'x' }, signal)
  }
  const mails = await readMails(folder)
  expect(mails).toHaveLength(FOLDER_MAILS_MAX)
  expect(mails[0]).toMatchObject({ to: 'ann@example.com', subject: `${FOLDER_MAILS_MAX + 2}`, text: 'x' })
  expect(mails.at(-1)?.subject).toBe('3')
  await rm(folder, { recursive: true })
})
