import { Hono } from 'hono'
import { z } from 'zod'
import { SigningKeyId } from '../../../shared/contract/fields.ts'
import { Page } from '../../../shared/contract/page.ts'
import { CreatedSigningKey, CreateSigningKey, SigningKey } from '../../../shared/contract/playback.ts'
import { body, operation, path } from '../../../shared/http/route.ts'
import { idempotencyKey } from '../../../shared/idempotency/header.ts'
import type { AppEnv } from '../deps.ts'
import { SigningKeys } from './signing-keys.ts'

const description = `The private half is shown this once. Sign viewers' tokens with it: a JWT with \`alg\` ES256 and the
key's id as \`kid\`; \`sub\` (the viewer), \`jti\`, \`exp\` (at most a day ahead), and \`playback_id\` or \`stream_id\`.
\`protocols\` (a list such as \`["hls"]\`) and \`address\` (an address or a range such as \`192.0.2.0/24\`) bind it further.
Players send it as \`?token=\`.`

export const signingKeys = new Hono<AppEnv>()
  .post(
    '/',
    operation({
      summary: 'Create a key that signs viewers’ tokens',
      description,
      auth: 'tenant',
      ok: { status: 201, schema: CreatedSigningKey },
      faults: ['conflict', 'unprocessable'],
    }),
    idempotencyKey(),
    body(CreateSigningKey),
    async (c) => {
      const key = c.req.valid('header')['idempotency-key']
      return c.json(await SigningKeys.create(c.var.ctx, c.req.valid('json'), key), 201)
    },
  )
  .get('/', operation({ summary: 'Your signing keys', auth: 'tenant', ok: { schema: Page(SigningKey) } }), async (c) =>
    c.json(await SigningKeys.list(c.var.ctx), 200),
  )
  .delete(
    '/:id',
    operation({
      summary: 'Revoke a signing key and all tokens that it signed',
      auth: 'tenant',
      ok: { status: 204 },
      faults: ['not_found'],
    }),
    path(z.object({ id: SigningKeyId })),
    async (c) => {
      await SigningKeys.revoke(c.var.ctx, c.req.valid('param').id)
      return c.body(null, 204)
    },
  )
