// Appends numbered records to the journal in the folder that is the first argument, and prints each number once its
// record is durable. It ends when it is killed.
import { createLog } from '../../shared/log.ts'
import { Journal } from '../journal/journal.ts'

const [folder = ''] = process.argv.slice(2)
const SEGMENT_BYTES = 8 * 1024
const WRITERS = 16

const journal = await Journal.open({ folder, log: createLog('helmsman'), segmentBytesMax: SEGMENT_BYTES })
let next = 0
await Promise.all(
  Array.from({ length: WRITERS }, async () => {
    for (;;) {
      const number = next++
      await journal.append(Buffer.from(`${number} ${'x'.repeat(number % 700)}`))
      process.stdout.write(`${number}\n`)
    }
  }),
)
