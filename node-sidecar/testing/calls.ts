import { readSession } from './recordings.ts'

const TRIGGERS = ['USER_END', 'STREAM_END', 'STREAM_BUFFER', 'PUSH_INPUT_CLOSE']

/** Notices of a recorded session, with the names of their headers in lower case, as Node has them. */
const calls = readSession()
  .filter(({ trigger }) => TRIGGERS.includes(trigger))
  .map(({ trigger, headers, body }) => {
    const lower = Object.entries(headers).map(([name, value]): [string, string] => [name.toLowerCase(), value])
    return { trigger, headers: Object.fromEntries(lower), body: Buffer.from(body) }
  })

export const callsCount = calls.length

/** One notice after the other, from the start again when all have been. */
export function callAt(number: number) {
  const call = calls[number % calls.length]
  if (call === undefined) throw new TypeError('nothing is recorded')
  return call
}
