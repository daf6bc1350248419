import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { build, stop } from 'esbuild'

/** What a media host downloads and starts, gzipped. */
export const PROGRAM_GZIP_BYTES_MAX = 512 * 1024

const ROOT = join(import.meta.dirname, '../..')

/** CommonJS in the bundle asks for Node's own modules this way. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

/** Writes Helmsman into `folder` as an npm package of one file, with its systemd unit. Throws when it is over its budget. */
export async function packHelmsman(folder: string): Promise<{ program: string; gzip_bytes: number }> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['node-sidecar/main.ts'],
    bundle: true,
    write: false,
    minify: true,
    keepNames: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    banner: { js: `#!/usr/bin/env node\n${REQUIRE}` },
    legalComments: 'eof',
    logLevel: 'silent',
  })
  // Its service would stay beside us for as long as we run.
  await stop()
  const code = outputFiles.map(({ text }) => text).join('')
  const gzip_bytes = (await promisify(gzip)(code)).byteLength
  if (gzip_bytes > PROGRAM_GZIP_BYTES_MAX) {
    throw new Error(`Helmsman has ${gzip_bytes} bytes gzipped, over the budget of ${PROGRAM_GZIP_BYTES_MAX}`)
  }
  await mkdir(folder, { recursive: true })
  const program = join(folder, 'helmsman.mjs')
  await writeFile(program, code)
  await chmod(program, 0o755)
  await copyFile(join(ROOT, 'node-sidecar/package/helmsman.service'), join(folder, 'helmsman.service'))
  await copyFile(join(ROOT, 'node-sidecar/README.md'), join(folder, 'README.md'))
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(await manifest(), null, 2)}\n`)
  return { program, gzip_bytes }
}

async function manifest() {
  const { version, license } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  return {
    name: 'frameworks-helmsman',
    version,
    license,
    description: 'The process beside MistServer on a media host of FrameWorks.',
    type: 'module',
    bin: { helmsman: './helmsman.mjs' },
    engines: { node: '>=24' },
  }
}
