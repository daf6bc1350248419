import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createFolderMailer } from '../../shared/mail/folder.ts'
import { createInbox } from './inbox.ts'

test('the inbox shows mails to people and to scripts, and runs nothing that stands in them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mails-'))
  const inbox = createInbox(folder)
  expect(await (await inbox.request('/')).text()).toContain('No mail yet.')
  const mail = { to: 'ann@example.com', subject: '<script>alert(1)</script>', text: 'Hello <b>' }
  await createFolderMailer(folder).send(mail, new AbortController().signal)
  const page = await (await inbox.request('/')).text()
  expect(page).toContain('&lt;script&gt;')
  expect(page).not.toContain('<script>')
  const json = await (await inbox.request('/', { headers: { accept: 'application/json' } })).json()
  expect(json).toMatchObject({ mails: [mail] })
  await rm(folder, { recursive: true })
})
