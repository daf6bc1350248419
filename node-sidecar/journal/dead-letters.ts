import { open, readFile, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { makeFolder } from './make-folder.ts'
import { replaceFile } from './replace-file.ts'
import { syncFolder } from './segment.ts'

/** The file is set aside at this size, and the one set aside before is given up. */
export const DEAD_LETTERS_BYTES_MAX = 16 * 1024 * 1024
export const DEAD_LETTERS_LISTED_MAX = 100

/** Something that will never be delivered: `reason` says why, `content` is what it was, as far as it may be kept. */
export const DeadLetter = z.object({
  at: z.string(),
  kind: z.enum(['event', 'trigger']),
  name: z.string().describe('Event type, or trigger'),
  reason: z.string(),
  content: z.string().nullable(),
})
export type DeadLetter = z.infer<typeof DeadLetter>

type Deliver = (letters: readonly DeadLetter[]) => Promise<void>

/** What could not be delivered, one JSON line each, for people to look at. */
export class DeadLetters {
  readonly #path: string
  readonly #bytesMax: number
  #writing: Promise<void> = Promise.resolve()

  constructor(path: string, bytesMax = DEAD_LETTERS_BYTES_MAX) {
    this.#path = path
    this.#bytesMax = bytesMax
  }

  /** Resolves once the letters are on the disk. */
  async add(letters: readonly DeadLetter[]): Promise<void> {
    const lines = letters.map((letter) => `${JSON.stringify(letter)}\n`).join('')
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#write(lines))
    await this.#writing
  }

  /** The newest ones, newest first; as many as `DEAD_LETTERS_LISTED_MAX`. */
  async list(): Promise<DeadLetter[]> {
    const text = await readFile(this.#path, 'utf8').catch(() => '')
    const lines = text.split('\n').slice(0, -1).slice(-DEAD_LETTERS_LISTED_MAX).reverse()
    return lines.flatMap((line) => toLetters(line))
  }

  /**
   * Hands the letters that are `wanted` to `deliver`, also those of the file that was set aside, and lets go of them
   * once it resolves; returns how many. A crash in between tells them again.
   */
  async take(wanted: (letter: DeadLetter) => boolean, deliver: Deliver): Promise<number> {
    const taking = this.#writing.catch(() => undefined).then(() => this.#takeAll(wanted, deliver))
    this.#writing = taking.then(() => undefined)
    return taking
  }

  async #takeAll(wanted: (letter: DeadLetter) => boolean, deliver: Deliver): Promise<number> {
    let taken = 0
    for (const path of [`${this.#path}.old`, this.#path]) {
      const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')
      const letters = lines.flatMap((line) => toLetters(line).filter(wanted))
      if (letters.length === 0) continue
      await deliver(letters)
      const kept = lines.filter((line) => !toLetters(line).some(wanted)).map((line) => `${line}\n`)
      await replaceFile(path, kept.join(''))
      taken += letters.length
    }
    return taken
  }

  async #write(lines: string): Promise<void> {
    const folder = dirname(this.#path)
    await makeFolder(folder)
    const size = await stat(this.#path).then(
      (file) => file.size,
      () => 0,
    )
    const full = size > 0 && size + lines.length > this.#bytesMax
    if (full) await rename(this.#path, `${this.#path}.old`)
    const file = await open(this.#path, 'a', 0o600)
    try {
      await file.write(lines)
      await file.datasync()
    } finally {
      await file.close()
    }
    if (full || size === 0) await syncFolder(folder)
  }
}

/** A line that a crash cut short is no letter. */
function toLetters(line: string): DeadLetter[] {
  try {
    return [DeadLetter.parse(JSON.parse(line))]
  } catch {
    return []
  }
}
