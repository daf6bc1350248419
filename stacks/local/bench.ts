import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'

/** `npm run bench [-- PART]`: runs every `*.bench.ts` (whose path has PART), one at a time so that none disturbs another. */
const [part = ''] = process.argv.slice(2)
const scripts = globSync('{shared,functions,edge-workers,node-sidecar,stacks}/**/*.bench.ts').filter((path) =>
  path.includes(part),
)
for (const script of scripts.sort()) {
  process.stdout.write(`\n${script}\n`)
  const { status } = spawnSync(process.execPath, [script], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
