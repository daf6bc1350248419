import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { z } from 'zod'

const Call = z.object({ method: z.string(), params: z.tuple([z.looseObject({ runtime: z.string().optional() })]) })

/** What the program under test calls besides the clouds themselves: the CLI's own door, and Cloudflare's list of scripts. */
export interface Cli extends AsyncDisposable {
  url: string
  /** What was to be built: a handler each. */
  builds: Record<string, unknown>[]
}

/** A stand-in for the CLI that builds nothing: tests of bundles do that. */
export async function startCli(): Promise<Cli> {
  const out = await mkdtemp(join(tmpdir(), 'stacks-bundle-'))
  await writeFile(join(out, 'bundle.mjs'), 'export {}')
  const builds: Cli['builds'] = []
  const answers: Record<string, (params: Record<string, unknown>) => unknown> = {
    'Provider.Aws.Bootstrap': () => ({ asset: 'assets', appsyncHttp: 'x', appsyncRealtime: 'x' }),
    'Runtime.AddTarget': () => true,
    'Runtime.Build': (params) => {
      builds.push(params)
      const handler = params.runtime === 'worker' ? 'bundle.mjs' : params.handler
      return { handler, out, errors: [], sourcemaps: [] }
    },
  }
  const app = new Hono()
    .post('/rpc', async (c) => {
      const { method, params } = Call.parse(await c.req.json())
      const answer = answers[method]
      return c.json(answer ? { result: answer(params[0]) } : { error: `rpc: can't find ${method}` })
    })
    .get('/accounts/*', (c) => c.json({ success: true, result: [], errors: [] }))
  const listening = Promise.withResolvers<number>()
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => listening.resolve(port))
  return {
    url: `http://127.0.0.1:${await listening.promise}`,
    builds,
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => server.close(resolve))
      await rm(out, { recursive: true, force: true })
    },
  }
}
