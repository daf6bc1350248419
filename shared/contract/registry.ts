import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { Time } from './fields.ts'
import { PageQuery } from './page.ts'

/** Instances of one service that run at a time. */
export const SERVICE_INSTANCES_MAX = 100
export const SERVICE_TTL_SECONDS_MAX = 300
export const SERVICE_TTL_SECONDS_DEFAULT = 90
const BASE_URL_LENGTH_MAX = 255

export const ServiceName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/)
export const ServiceInstanceId = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/)

export const RegisterServiceInstance = z.object({
  base_url: z
    .url({ protocol: /^https?$/ })
    .max(BASE_URL_LENGTH_MAX)
    .describe('Where it is called'),
  version: z.string().regex(/^[\w.+-]{1,64}$/),
  ttl_seconds: z.int().min(1).max(SERVICE_TTL_SECONDS_MAX).default(SERVICE_TTL_SECONDS_DEFAULT),
})

export const ServiceInstance = z
  .object({
    service: z.string(),
    id: z.string(),
    base_url: z.string(),
    version: z.string(),
    registered_at: Time,
    seen_at: Time,
    expires_at: Time,
  })
  .meta({ id: 'ServiceInstance' })

export const ServiceQuery = PageQuery.extend({ service: ServiceName.optional() })

export const registerServiceInstance = endpoint({
  method: 'PUT',
  path: '/services/{name}/instances/{id}',
  request: RegisterServiceInstance.extend({ name: ServiceName, id: ServiceInstanceId }),
  response: ServiceInstance,
  refusals: ['conflict'],
})

export const unregisterServiceInstance = endpoint({
  method: 'DELETE',
  path: '/services/{name}/instances/{id}',
  request: z.object({ name: ServiceName, id: ServiceInstanceId }),
  response: z.undefined(),
})
