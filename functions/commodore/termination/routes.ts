import { Hono } from 'hono'
import { z } from 'zod'
import { Termination } from '../../../shared/contract/commands.ts'
import { StreamId } from '../../../shared/contract/fields.ts'
import { operation, path } from '../../../shared/http/route.ts'
import type { AppEnv } from '../deps.ts'
import { Terminations } from './termination.ts'

export const termination = new Hono<AppEnv>().post(
  '/',
  operation({
    summary: 'End what runs of a stream',
    description:
      'Its publisher and viewers are cut off; they may come back. 202 says what each host that has the stream made of it, 200 that none has it.',
    auth: 'tenant',
    ok: { status: 202, schema: Termination, also: 200 },
    faults: ['not_found', 'unavailable'],
  }),
  path(z.object({ id: StreamId })),
  async (c) => {
    const ended = await Terminations.terminate(c.var.ctx, c.req.valid('param').id)
    return c.json(ended, ended.hosts.length > 0 ? 202 : 200)
  },
)
