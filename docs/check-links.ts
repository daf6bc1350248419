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

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }

/** Every `npm run` of a document that runs nothing. */
function deadCommands(document: string): string[] {
  const named = [...readFileSync(document, 'utf8').matchAll(/npm run (?:--silent )?([\w:-]+)/g)]
  return named.filter(([, name = '']) => !(name in scripts)).map(([command]) => `${document}: ${command}`)
}

const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  encoding: 'utf8',
})
const dead = listed
  .split('\n')
  .filter(Boolean)
  .filter(existsSync)
  .flatMap((document) => [...deadLinks(document), ...deadCommands(document)])
if (dead.length > 0) {
  process.stderr.write(`Dead links and commands:\n${dead.join('\n')}\n`)
  process.exitCode = 1
}
