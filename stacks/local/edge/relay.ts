import { z } from 'zod'
import type { Log } from '../../../shared/log.ts'

/** A line as our log writes it for machines: the fields of the event lie beside these. */
const Line = z.looseObject({ '@timestamp': z.string(), level: z.string(), logger: z.string(), message: z.string() })

/** Writes what a Worker logged into this process's log; what is no line of ours is the runtime's own. */
export function relay(log: Log, text: string): void {
  const line = Line.safeParse(toJson(text))
  if (!line.success) {
    log.warn('edge runtime', { text })
    return
  }
  const { '@timestamp': _, level, logger: __, message, ...fields } = line.data
  if (level === 'ERROR' || level === 'FATAL') log.error(message, fields)
  else if (level === 'WARN') log.warn(message, fields)
  else log.info(message, fields)
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
