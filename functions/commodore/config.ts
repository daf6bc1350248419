import { z } from 'zod'
import {
  databaseVariables,
  frontVariables,
  identityKey,
  PublicKeys,
  readVariables,
  ServiceUrl,
  settings,
  type Variables,
} from '../../shared/config.ts'
import { encryptionVariables } from '../../shared/encryption/keys.ts'
import { registryVariables } from '../../shared/registry/variables.ts'

const Schema = z
  .object({
    APP_URL: ServiceUrl,
    MAIL_FROM: z.email().optional(),
    MAIL_FOLDER: z.string().optional(),
    QUARTERMASTER_URL: ServiceUrl,
    FOGHORN_URL: ServiceUrl,
    IDENTITY_KEY: identityKey('commodore'),
    IDENTITY_PUBLIC_KEYS: PublicKeys,
    /** For machines on which receivers are developed: lets webhooks go to loopback, over plain HTTP too. */
    WEBHOOKS_ALLOW_LOOPBACK: z.stringbool().default(false),
    ...encryptionVariables.shape,
    ...frontVariables,
    ...registryVariables,
    ...databaseVariables,
  })
  .refine(({ MAIL_FROM, MAIL_FOLDER }) => (MAIL_FROM === undefined) !== (MAIL_FOLDER === undefined), {
    path: ['MAIL_FROM'],
    message: 'name either who SES sends mail as, or by MAIL_FOLDER where mail is kept',
  })

/** Commodore's settings from the environment; throws a `ConfigError` that lists every problem. */
export function readConfig(env: Variables) {
  const { IDENTITY_KEY, DATABASE_URL, ENCRYPTION_KEYS, ...config } = readVariables(Schema, env)
  return settings(config, { IDENTITY_KEY, DATABASE_URL, ENCRYPTION_KEYS })
}

export type CommodoreSettings = ReturnType<typeof readConfig>
