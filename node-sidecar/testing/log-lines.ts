import { configureLog, createLog, type Log } from '../../shared/log.ts'

/** A log whose lines can be looked at, as they would be written. */
export function captureLog(): { log: Log; lines: string[] } {
  const lines: string[] = []
  configureLog({ pretty: false, level: 'debug', write: (line) => lines.push(line) })
  return { log: createLog('helmsman'), lines }
}
