import { readFileSync } from 'node:fs'

/** Sums vitest's JSON reports into the line that CI reads. */
const reports = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, 'utf8')))
const sum = (field: string) => reports.reduce((total, report) => total + Number(report[field]), 0)
const failed = sum('numFailedTests') + sum('numFailedTestSuites')
process.stdout.write(`${sum('numPassedTests')} passed, ${failed} failed\n`)
if (sum('numPassedTests') === 0) process.exitCode = 1
