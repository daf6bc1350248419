import { z } from 'zod'
import { databaseVariables, readVariables } from '../../../shared/config.ts'
import { encryptionVariables } from '../../../shared/encryption/keys.ts'
import { openDatabase } from '../../../shared/postgres/database.ts'
import { openPool } from '../../../shared/postgres/pool.ts'
import type { Tables } from '../tables.ts'
import { reEncrypt } from './re-encrypt.ts'

/** What is told one by one of each kind. */
const UNREADABLE_TOLD_MAX = 20

const say = (text: string) => process.stdout.write(`${text}\n`)
const complain = (text: string) => process.stderr.write(`${text}\n`)

/** `npm run re-encrypt`: what Commodore keeps encrypted comes under the first of its keys; ends with 1 while an older one is needed. */
try {
  const Schema = z.object({ ...encryptionVariables.shape, ...databaseVariables })
  const { DATABASE_URL, DATABASE_WS_PROXY, ENCRYPTION_KEYS: keys } = readVariables(Schema, process.env)
  const applicationName = 're-encrypt'
  await using db = openDatabase<Tables>(openPool(DATABASE_URL, { wsProxy: DATABASE_WS_PROXY, applicationName }))
  const outcomes = await reEncrypt({ db, keys })
  for (const { name, written, unreadable } of outcomes) {
    if (written > 0) say(`${name}: ${written} written anew`)
    for (const { id, reason } of unreadable.slice(0, UNREADABLE_TOLD_MAX)) complain(`${name}, ${id}: ${reason}`)
    const more = unreadable.length - UNREADABLE_TOLD_MAX
    if (more > 0) complain(`${name}: ${more} more cannot be read`)
  }
  const left = outcomes.reduce((sum, outcome) => sum + outcome.left, 0)
  const [{ id: first }] = keys
  if (left === 0) say(`Everything is under key ${first}.`)
  else {
    complain(`${left} not under key ${first}: keep the older keys, and run this again.`)
    process.exitCode = 1
  }
} catch (error) {
  complain(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
