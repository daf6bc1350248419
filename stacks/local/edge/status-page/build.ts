import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { build, stop } from 'esbuild'
import { drawLand } from './land.ts'

const SOURCES = new URL('../../../../edge-workers/foghorn/status/client/', import.meta.url)
/** Where the page lies that the Worker shows. */
export const statusPageFile = new URL('../page.gen.json', SOURCES)

/** Foghorn's status page as one document, and the policy that lets nothing run or load but what is in it. */
export async function buildStatusPage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: { script: new URL('main.ts', SOURCES).pathname, style: new URL('style.css', SOURCES).pathname },
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: ['chrome120', 'firefox121', 'safari17'],
    outdir: '/',
    charset: 'utf8',
  })
  // Its service would stay beside us for as long as we run.
  await stop()
  const textOf = (name: string) => outputFiles.find(({ path }) => path === name)?.text.trim() ?? ''
  const parts = { script: textOf('/script.js'), style: textOf('/style.css'), land: drawLand() }
  const template = await readFile(new URL('page.html', SOURCES), 'utf8')
  const html = template
    .replace('/* style */', () => parts.style)
    .replace('/* script */', () => parts.script)
    .replace('d="land"', () => `d="${parts.land}"`)
  return `${JSON.stringify({ csp: policyOf(parts), html }, null, 2)}\n`
}

function policyOf({ script, style }: { script: string; style: string }): string {
  return [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    // The icon.
    'img-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
