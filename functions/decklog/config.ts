import { z } from 'zod'
import {
  databaseVariables,
  identityKey,
  readVariables,
  ServiceUrl,
  settings,
  type Variables,
} from '../../shared/config.ts'
import { eventLogProblem, eventLogVariables, namesOneEventLog } from '../../shared/kafka/open-event-log.ts'
import { registryVariables } from '../../shared/registry/variables.ts'

const Schema = z
  .object({
    COMMODORE_URL: ServiceUrl,
    QUARTERMASTER_URL: ServiceUrl,
    IDENTITY_KEY: identityKey('decklog'),
    DATABASE_WS_PROXY: databaseVariables.DATABASE_WS_PROXY,
    ...registryVariables,
    ...eventLogVariables,
  })
  .refine(namesOneEventLog, eventLogProblem)

/** Decklog's settings from the environment; throws a `ConfigError` that lists every problem. */
export function readConfig(env: Variables) {
  const { IDENTITY_KEY, EVENT_LOG_URL, ...config } = readVariables(Schema, env)
  return settings(config, { IDENTITY_KEY, EVENT_LOG_URL })
}

export type DecklogSettings = ReturnType<typeof readConfig>
