import { fork } from 'node:child_process'
import { createCipheriv, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { build, stop } from 'esbuild'

const ROOT = join(import.meta.dirname, '../..')
const INVOKER = new URL('invoke.ts', import.meta.url)

/** A function's code as it is deployed. */
export interface Bundle extends AsyncDisposable {
  bytes: number
  gzip_bytes: number
  /** What its last call wrote. */
  written: string
  /** Calls an export with an event, in a process of its own: a cold start each time. Rejects with what the function throws. */
  invoke(name: string, event: unknown, given: Given): Promise<unknown>
}

interface Given {
  env?: Record<string, string>
  /** By name of the secret in the stack. */
  secrets: Record<string, string>
}

/** Bundles a handler (from the project's root, without its ending) as SST does; `install` are packages that lie beside it. */
export async function bundleFunction(file: string, install: readonly string[] = []): Promise<Bundle> {
  const folder = await mkdtemp(join(tmpdir(), 'frameworks-lambda-'))
  const require = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [`${file}.ts`],
    bundle: true,
    write: false,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    external: [...install],
    banner: { js: require },
    logLevel: 'silent',
  })
  await stop()
  const code = outputFiles[0]?.text ?? ''
  await writeFile(join(folder, 'bundle.mjs'), code)
  if (install.length > 0) await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const bundle: Bundle = {
    written: '',
    bytes: Buffer.byteLength(code),
    gzip_bytes: (await promisify(gzip)(code)).byteLength,
    invoke: async (name, event, { env = {}, secrets }) => {
      const key = await seal(folder, secrets)
      const child = fork(INVOKER, [join(folder, 'bundle.mjs'), name], {
        env: {
          PATH: process.env.PATH,
          ...env,
          SST_RESOURCE_App: JSON.stringify({ name: 'frameworks', stage: 'prod' }),
          SST_KEY: key,
          SST_KEY_FILE: join(folder, 'resource.enc'),
        },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        serialization: 'json',
      })
      bundle.written = ''
      child.stdout?.on('data', (chunk) => {
        bundle.written += chunk
      })
      child.send({ event })
      return answerOf(child)
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
  return bundle
}

async function answerOf(child: ReturnType<typeof fork>): Promise<unknown> {
  const closed = once(child, 'close')
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said += chunk
  })
  const { error, result } = await new Promise<{ error?: string; result?: unknown }>((resolve) => {
    child.once('message', resolve)
    child.once('exit', (code) => resolve({ error: `ended with ${code}: ${said}` }))
  })
  child.kill()
  // What it wrote has come then, too.
  await closed
  if (error !== undefined) throw new Error(error)
  return result
}

/** Lays secrets beside the code as SST does; the key comes in a variable. */
async function seal(folder: string, secrets: Record<string, string>): Promise<string> {
  const key = randomBytes(32)
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12))
  const links = Object.fromEntries(
    Object.entries(secrets).map(([name, value]) => [name, { value, type: 'sst.sst.Secret' }]),
  )
  const sealed = Buffer.concat([cipher.update(JSON.stringify(links)), cipher.final(), cipher.getAuthTag()])
  await writeFile(join(folder, 'resource.enc'), sealed)
  return key.toString('base64')
}
