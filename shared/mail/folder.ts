import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { v7 } from 'uuid'
import { z } from 'zod'
import type { Mailer } from './mailer.ts'

/** Mails that a folder keeps; older ones go. */
export const FOLDER_MAILS_MAX = 200

const Kept = z.object({ id: z.string(), at: z.string(), to: z.string(), subject: z.string(), text: z.string() })
export type KeptMail = z.infer<typeof Kept>

const NAME = /^[0-9a-f-]{36}\.json$/

/** Mail that nobody sends: each is a file in a folder, for a machine without a mail service. */
export function createFolderMailer(folder: string): Mailer {
  return {
    send: async (mail) => {
      await mkdir(folder, { recursive: true })
      const id = v7()
      const path = join(folder, `${id}.json`)
      // Renamed when whole, so that no reader meets half a mail.
      await writeFile(`${path}.new`, JSON.stringify({ id, at: new Date().toISOString(), ...mail }), { mode: 0o600 })
      await rename(`${path}.new`, path)
      const old = (await namesIn(folder)).slice(FOLDER_MAILS_MAX)
      await Promise.all(old.map((name) => rm(join(folder, name), { force: true })))
    },
  }
}

/** The mails of a folder, newest first; none when the folder is not there. */
export async function readMails(folder: string): Promise<KeptMail[]> {
  const names = await namesIn(folder)
  return Promise.all(names.map(async (name) => Kept.parse(JSON.parse(await readFile(join(folder, name), 'utf8')))))
}

async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => NAME.test(name))
    .toSorted()
    .toReversed()
}
