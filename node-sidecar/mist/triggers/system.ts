import { z } from 'zod'
import { readJson } from './payload.ts'

const Connector = z.looseObject({ connector: z.string() })

export const system = {
  SYSTEM_START: { blocking: true, parse: (payload: string) => ({ version: payload.trim() }) },
  SYSTEM_STOP: { blocking: true, parse: (payload: string) => ({ reason: payload.trim() }) },
  OUTPUT_START: { blocking: false, parse: parseConnector },
  OUTPUT_STOP: { blocking: false, parse: parseConnector },
} as const

function parseConnector(payload: string) {
  return readJson(payload, Connector, 'connector')
}
