import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const LINK = /\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)/g

/** Every relative link of a document that leads to no file. */
function deadLinks(document: string): string[] {
  const links = [...readFileSync(document, 'utf8').matchAll(LINK)].map(([, target = '']) => target)
  const local = links.filter((target) => !/^[a-z]+:/.test(target))
  return local
    .filter((target) => !existsSync(join(dirname(document), target)))
    .map((target) => `${document}: ${target}`)
}

const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  encoding: 'utf8',
})
const dead = listed.split('\n').filter(Boolean).filter(existsSync).flatMap(deadLinks)
if (dead.length > 0) {
  process.stderr.write(`Dead links:\n${dead.join('\n')}\n`)
  process.exitCode = 1
}
