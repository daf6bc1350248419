import { type Context, Hono } from 'hono'
import { StatusAnswer } from '../../../shared/contract/foghorn-status.ts'
import { operation } from '../../../shared/http/route.ts'
import type { FoghornEnv } from '../deps.ts'
import { ctxOf } from '../request.ts'
import page from './page.gen.json' with { type: 'json' }
import { status } from './status.ts'

/** The page is the same for everybody and holds nobody's data; it asks for `/status` with the token of who looks at it. */
const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': page.csp,
  'cache-control': 'no-cache',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  vary: 'accept',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** What people look at: a page at `/`, and at `/status` on any origin; programs get JSON there. */
export const statuses = new Hono<FoghornEnv>()
  .get('/', async (c, next) =>
    wantsPage(c) && new URL(c.req.url).search === '' ? c.body(page.html, 200, headers) : next(),
  )
  .get('/status', async (c, next) => {
    c.header('vary', 'accept', { append: true })
    return wantsPage(c) ? c.body(page.html, 200, headers) : next()
  })
  .get(
    '/status',
    operation({
      summary: 'How the clusters that you run do',
      description: `Hosts with their load, streams and who is on the way to them, and what was decided of late and why. Asked for
        text/html, it is a page for people. Needs infrastructure:read.`,
      auth: 'tenant',
      ok: { schema: StatusAnswer },
      faults: ['unavailable'],
    }),
    async (c) => {
      c.header('cache-control', 'no-store')
      return c.json(await status(ctxOf(c)), 200)
    },
  )

/** Browsers name text/html first; programs that take anything want no page. */
function wantsPage(c: Context): boolean {
  return /^\s*text\/html\b/i.test(c.req.header('accept') ?? '')
}
