import type { SESv2Client } from '@aws-sdk/client-sesv2'
import { Fault } from '../fault.ts'
import type { Mailer } from './mailer.ts'

/** What SES says of a mail that it will never take. */
const FINAL = new Set(['BadRequestException', 'MessageRejected', 'NotFoundException'])

type Client = Pick<SESv2Client, 'send'>

/** Mail through Amazon SES, in the function's own region; the SDK is loaded at the first mail, not at each cold start. */
export function createSesMailer(from: string, connect: () => Promise<Client> = connectSes): Mailer {
  let client: Promise<Client> | undefined
  return {
    send: async ({ to, subject, text }, signal) => {
      client ??= connect()
      const { SendEmailCommand } = await import('@aws-sdk/client-sesv2')
      const utf8 = (Data: string) => ({ Data, Charset: 'UTF-8' })
      const command = new SendEmailCommand({
        FromEmailAddress: from,
        Destination: { ToAddresses: [to] },
        Content: { Simple: { Subject: utf8(subject), Body: { Text: utf8(text) } } },
      })
      try {
        await (await client).send(command, { abortSignal: signal })
      } catch (cause) {
        const final = cause instanceof Error && FINAL.has(cause.name)
        throw new Fault('unavailable', 'mail_refused', 'SES did not take the mail.', { retry: !final, cause })
      }
    },
  }
}

async function connectSes(): Promise<Client> {
  const { SESv2Client } = await import('@aws-sdk/client-sesv2')
  return new SESv2Client({})
}
