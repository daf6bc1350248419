import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** What we read of vitest's JSON report. */
const Report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
})

/** Sums the reports into the line that CI reads; a file that could not even be loaded counts as one failure. */
let [passed, failed] = [0, 0]
for (const path of process.argv.slice(2)) {
  const report = Report.parse(JSON.parse(readFileSync(path, 'utf8')))
  const unloaded = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  passed += report.numPassedTests
  failed += report.numFailedTests + unloaded.length
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
if (passed === 0) process.exitCode = 1
