import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
const CHECKS = [
  ['check', 'config', '--lint-fatal', 'prometheus.yml'],
  ['check', 'rules', '--lint-fatal', 'alerts.yml'],
  ['test', 'rules', 'alerts.test.yml'],
]

for (const args of CHECKS) {
  const { error, status } = spawnSync('promtool', args, { cwd: FOLDER, stdio: 'inherit' })
  if (error) {
    process.stderr.write(`promtool cannot be run (${error.message}). It comes with Debian's package \`prometheus\`.\n`)
    process.exit(1)
  }
  if (status !== 0) process.exitCode = 1
}
