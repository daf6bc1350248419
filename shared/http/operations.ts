import { Scalar } from '@scalar/hono-api-reference'
import type { Hono } from 'hono'
import { generateSpecs } from 'hono-openapi'
import type { Registry } from 'prom-client'
import { toFault } from '../fault.ts'
import type { Env } from './app.ts'
import { commonProblems, documentProblems, dropUnused } from './problem-documents.ts'

export interface Operations {
  title: string
  description: string
  /** Each thing that the service needs, with a check that throws when it is not there. */
  checks: Record<string, () => Promise<void>>
  /** Absent in an edge worker, where no process lives long enough to count. */
  metrics?: Registry
}

const CHECK_TIMEOUT_MS = 2_000

/** Adds what operators look at: `/health`, `/metrics`, `/openapi.json` and `/docs`. */
export function addOperations<Deps extends object>(app: Hono<Env<Deps>>, operations: Operations): void {
  const { title, description, checks, metrics } = operations
  app.get('/health', async (c) => {
    c.set('quiet', true)
    const results = await Promise.all(Object.entries(checks).map(([name, check]) => run(name, check)))
    const ready = results.every(([, result]) => result === 'ok')
    return c.json({ status: ready ? 'ok' : 'unavailable', checks: Object.fromEntries(results) }, ready ? 200 : 503)
  })
  if (metrics) {
    app.get('/metrics', async (c) => {
      c.set('quiet', true)
      return c.text(await metrics.metrics(), 200, { 'content-type': metrics.contentType })
    })
  }
  app.get('/openapi.json', async (c) => {
    const documentation = {
      openapi: '3.1.0',
      info: { title, description, version: '1', license: { name: 'UNLICENSED', identifier: 'LicenseRef-UNLICENSED' } },
      // Whatever host shows this also takes the calls.
      servers: [{ url: '/' }],
      components: {
        securitySchemes: { bearer: { type: 'http' as const, scheme: 'bearer' } },
        responses: documentProblems(),
      },
    }
    return c.json(dropUnused(await generateSpecs(app, { documentation, defaultOptions: commonProblems }, c)))
  })
  app.get('/docs', Scalar({ url: './openapi.json', pageTitle: title }))
}

async function run(name: string, check: () => Promise<void>): Promise<[string, string]> {
  try {
    await Promise.race([check(), rejectAfter()])
    return [name, 'ok']
  } catch (error) {
    return [name, toFault(error).reason]
  }
}

function rejectAfter(): Promise<never> {
  return new Promise((_, reject) => {
    AbortSignal.timeout(CHECK_TIMEOUT_MS).addEventListener('abort', () => reject(new Error('timed out')))
  })
}
