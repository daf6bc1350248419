import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { build, stop } from 'esbuild'

/** A Worker starts on every machine of the edge, so it stays small: what goes over the wire, gzipped. */
export const BUNDLE_GZIP_BYTES_MAX = 256 * 1024

const ROOT = join(import.meta.dirname, '../../..')

export interface Bundle {
  code: string
  gzip_bytes: number
}

/** Bundles a Worker's entry (from the project's root) in memory; throws when it is over the budget. */
export async function bundleWorker(entry: string): Promise<Bundle> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    write: false,
    // Names stay, for who reads a stack; kept beside shorter ones they would be set again with every closure that is made.
    minifySyntax: true,
    minifyWhitespace: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*'],
    logLevel: 'silent',
  })
  // Its service would stay beside us for as long as we run.
  await stop()
  const code = outputFiles.map(({ text }) => text).join('')
  const gzip_bytes = (await promisify(gzip)(code)).byteLength
  if (gzip_bytes <= BUNDLE_GZIP_BYTES_MAX) return { code, gzip_bytes }
  throw new Error(`${entry} has ${gzip_bytes} bytes gzipped, over the budget of ${BUNDLE_GZIP_BYTES_MAX}`)
}
