import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLog } from '../../shared/log.ts'
import { freshFolder } from '../testing/folder.ts'
import { Journal } from './journal.ts'

const RUNS = 60
const RECORDS = 40
const log = createLog('helmsman')

async function readAll(journal: Journal, from = 0): Promise<string[]> {
  const { records, end } = await journal.read(from, 1_000)
  return records.length === 0 ? [] : [...records.map(String), ...(await readAll(journal, end))]
}

/** Another byte somewhere, a part cut out, or bytes put in, in one of the files. */
const damage = fc.record({
  file: fc.nat(),
  at: fc.nat(),
  cut: fc.nat(200),
  bytes: fc.uint8Array({ maxLength: 200 }),
})

test('a damaged journal opens, shows only records that were written, in order, and takes more', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (damages) => {
      const folder = await freshFolder()
      const written = Array.from({ length: RECORDS }, (_, i) => `${i} ${'x'.repeat(i * 7)}`)
      {
        await using journal = await Journal.open({ folder, log, segmentBytesMax: 1_000 })
        for (const record of written) await journal.append(Buffer.from(record))
      }
      const files = (await readdir(folder)).filter((name) => name.endsWith('.log')).sort()
      for (const { file, at, cut, bytes } of damages) {
        const path = join(folder, files[file % files.length] ?? '')
        const content = await readFile(path)
        const from = at % (content.byteLength + 1)
        await writeFile(path, Buffer.concat([content.subarray(0, from), bytes, content.subarray(from + cut)]))
      }
      await using journal = await Journal.open({ folder, log })
      const found = (await readAll(journal)).map((record) => written.indexOf(record))
      expect(found.every((i) => i >= 0)).toBe(true)
      expect(found).toEqual(found.toSorted((a, b) => a - b))
      await journal.append(Buffer.from('after'))
      expect((await readAll(journal)).at(-1)).toBe('after')
    }),
    { numRuns: RUNS },
  )
})
