import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { access, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build, stop } from 'esbuild'
import { z } from 'zod'
import { startCli } from './cli.ts'

const ROOT = join(import.meta.dirname, '../..')
const PLATFORM = join(ROOT, '.sst/platform')

const Resource = z.object({
  type: z.string(),
  name: z.string(),
  inputs: z.looseObject({}),
  region: z.string(),
  protect: z.boolean().default(false),
  retain: z.boolean().default(false),
})
const Told = z.object({ app: z.looseObject({}), resources: z.array(Resource), outputs: z.array(z.string()) })

/** What a stage would make in the clouds. */
export interface Evaluation extends z.infer<typeof Told> {
  /** What functions and workers are to be built of. */
  builds: Record<string, unknown>[]
}

interface Stage {
  stage: string
  /** The central one first. */
  regions?: readonly [string, ...string[]]
  env?: Record<string, string>
}

/** Runs the stack program of a stage as `sst deploy` would, with clouds that make nothing. Needs `.ci/sst-platform` first. */
export async function evaluate({ stage, regions = ['eu-west-1'], env = {} }: Stage): Promise<Evaluation> {
  await access(PLATFORM).catch(() => {
    throw new Error('SST’s platform is not there: run .ci/sst-platform first.')
  })
  await using cli = await startCli()
  await using opened = new AsyncDisposableStack()
  const program = join(PLATFORM, `evaluate-${stage}-${randomUUID()}.mjs`)
  opened.defer(() => rm(program, { force: true }))
  await bundle(program, stage, regions[0])
  const secrets = (await secretNames()).map((name) => [`SST_SECRET_${name}`, `value-of-${name}`])
  const child = fork(program, [], {
    env: {
      PATH: process.env.PATH,
      FRAMEWORKS_DOMAIN: 'video.example',
      FRAMEWORKS_REGIONS: regions.join(),
      SST_SERVER: cli.url,
      CLOUDFLARE_API_BASE_URL: cli.url,
      CLOUDFLARE_API_TOKEN: 'x',
      CLOUDFLARE_DEFAULT_ACCOUNT_ID: 'account',
      ...Object.fromEntries(secrets),
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said += chunk
  })
  const told = await new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', () => reject(new Error(`The program of ${stage} failed:\n${said}`)))
  })
  return { ...Told.parse(told), builds: cli.builds }
}

/** As SST bundles it: what stands for the app and the CLI is put in, and packages are the platform's own. */
async function bundle(outfile: string, stage: string, region: string): Promise<void> {
  const isProduction = stage === 'prod'
  const app = {
    name: 'frameworks',
    stage,
    home: 'aws',
    removal: isProduction ? 'retain' : 'remove',
    protect: isProduction,
    providers: { aws: { region }, cloudflare: {} },
  }
  const paths = { root: ROOT, platform: PLATFORM, work: join(ROOT, '.sst'), home: PLATFORM }
  const cli = { command: 'deploy', rpc: '', paths, state: { version: {} } }
  const require = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['stacks/testing/program.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    inject: [join(PLATFORM, 'src/shim/run.js')],
    banner: { js: `${require} const __dirname = import.meta.dirname;` },
    define: { $app: JSON.stringify(app), $cli: JSON.stringify(cli), $dev: 'false' },
    logLevel: 'error',
    tsconfigRaw: {},
  })
  await stop()
}

async function secretNames(): Promise<string[]> {
  const text = await readFile(join(ROOT, 'stacks/secrets.ts'), 'utf8')
  return [...text.matchAll(/sst\.Secret\('(\w+)'/g)].map(([, name = '']) => name)
}
