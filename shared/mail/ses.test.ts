import { expect, test } from 'vitest'
import { createSesMailer } from './ses.ts'

const mail = { to: 'ann@example.com', subject: 'Grüße', text: 'Hello' }
const failing = (name: string) =>
  createSesMailer('no-reply@example.com', async () => ({
    send: () => Promise.reject(Object.assign(new Error('no'), { name })),
  }))

test('SES gets sender, recipient and text in UTF-8, over one client for all mails', async () => {
  const sent: unknown[] = []
  let clients = 0
  const mailer = createSesMailer('no-reply@example.com', async () => {
    clients++
    return { send: async (command: { input: unknown }) => sent.push(command.input) }
  })
  await mailer.send(mail, AbortSignal.timeout(1000))
  await mailer.send(mail, AbortSignal.timeout(1000))
  expect([clients, sent.length]).toEqual([1, 2])
  expect(sent[0]).toEqual({
    FromEmailAddress: 'no-reply@example.com',
    Destination: { ToAddresses: ['ann@example.com'] },
    Content: {
      Simple: {
        Subject: { Data: 'Grüße', Charset: 'UTF-8' },
        Body: { Text: { Data: 'Hello', Charset: 'UTF-8' } },
      },
    },
  })
})

test('what SES will never take is not tried again, anything else is', async () => {
  const fault = (retry: boolean) => expect.objectContaining({ reason: 'mail_refused', retry })
  for (const name of ['MessageRejected', 'BadRequestException']) {
    await expect(failing(name).send(mail, AbortSignal.timeout(1000))).rejects.toEqual(fault(false))
  }
  for (const name of ['TooManyRequestsException', 'TimeoutError']) {
    await expect(failing(name).send(mail, AbortSignal.timeout(1000))).rejects.toEqual(fault(true))
  }
})
