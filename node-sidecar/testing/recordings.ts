import { readdirSync, readFileSync } from 'node:fs'
import { z } from 'zod'

/** One call as MistServer made it. */
const Recording = z.object({
  t_ms: z.number(),
  trigger: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
})
export type Recording = z.infer<typeof Recording>

/** The first call of each of 35 kinds. */
export function readKinds(): Recording[] {
  const folder = new URL('../fixtures/triggers/', import.meta.url)
  return readdirSync(folder).map((file) => Recording.parse(JSON.parse(readFileSync(new URL(file, folder), 'utf8'))))
}

/** Every call of a ten-minute session, in order. */
export function readSession(): Recording[] {
  const text = readFileSync(new URL('../fixtures/session.jsonl', import.meta.url), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => Recording.parse(JSON.parse(line)))
}

/** A recorded reply of MistServer's API. */
export function readApiReply(name: string): string {
  return readFileSync(new URL(`../fixtures/api/${name}.json`, import.meta.url), 'utf8')
}
