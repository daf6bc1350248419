import { afterAll, beforeAll, expect, test } from 'vitest'
import { Problem } from '../../shared/http/problem.ts'
import { RATE_PERIOD_SECONDS } from '../../shared/http/rate-limit.ts'
import { newId } from '../../shared/ids.ts'
import { VIEWER_CALLS_PER_MINUTE_MAX } from '../../stacks/edge-workers.ts'
import { addStream, type Foghorn, startFoghorn } from '../../stacks/local/edge/testing/foghorn.ts'

/** Calls under way at once. */
const LANES = 16
const FLOOD_TIMEOUT_MS = 60_000

let foghorn: Foghorn
beforeAll(async () => {
  foghorn = await startFoghorn()
})
afterAll(() => foghorn[Symbol.asyncDispose]())

const from = (address: string) => ({ headers: { 'cf-connecting-ip': address } })

/** Calls until one is refused, which is returned with the number of those that were not. */
async function flood(path: string, address: string) {
  let [calls, taken] = [0, 0]
  let refused: Awaited<ReturnType<Foghorn['get']>> | undefined
  const lane = async () => {
    while (refused === undefined && calls++ <= 2 * VIEWER_CALLS_PER_MINUTE_MAX) {
      const answer = await foghorn.get(path, from(address))
      if (answer.status === 429) refused = answer
      else taken++
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  return { taken, refused }
}

test(
  'as many viewers come from one address as stand behind a large NAT, and then those of others still come',
  async () => {
    // Without a host that takes them: one would be full before.
    const path = `/play/${addStream(foghorn).playbackId}`
    const { taken, refused } = await flood(path, '192.0.2.1')
    // The minute may have turned on the way.
    expect(taken).toBeGreaterThanOrEqual(VIEWER_CALLS_PER_MINUTE_MAX)
    expect(taken).toBeLessThan(2 * VIEWER_CALLS_PER_MINUTE_MAX)
    expect(refused?.headers.get('content-type')).toContain('application/problem+json')
    expect(refused?.headers.get('retry-after')).toBe(String(RATE_PERIOD_SECONDS))
    expect(Problem.parse(await refused?.json())).toMatchObject({ status: 429, code: 'too_many_requests' })
    expect(refused?.headers.get('access-control-allow-origin')).toBe('*')
    expect(refused?.headers.get('access-control-expose-headers')).toContain('retry-after')
    // A page that may not even ask would not learn why.
    expect((await foghorn.get(path, { method: 'OPTIONS', ...from('192.0.2.1') })).status).toBe(204)
    expect((await foghorn.get(path, from('192.0.2.2'))).status).toBe(503)
    const host = await foghorn.edge.fetch(`http://foghorn.test/nodes/${newId('node')}/heartbeat`, {
      method: 'POST',
      ...from('192.0.2.1'),
    })
    expect(host.status).toBe(401)
    expect((await foghorn.get('/health', from('192.0.2.1'))).status).toBe(200)
  },
  FLOOD_TIMEOUT_MS,
)
