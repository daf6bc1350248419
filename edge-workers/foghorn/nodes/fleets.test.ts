import { expect, test } from 'vitest'
import type { HostAge } from '../fleet.ts'
import { heartbeat, nodeId } from '../testing/hosts.ts'
import { CLUSTERS_PER_DECISION_MAX, createFleets, SNAPSHOT_FRESH_MS } from './fleets.ts'

/** Durable Objects that the test can take away, as no local runtime can. */
function openFleets() {
  const away = new Set<string>()
  const asked: string[] = []
  let now_ms = 0
  const fleets = createFleets(
    {
      snapshot: async (clusterId): Promise<HostAge[]> => {
        asked.push(clusterId)
        if (away.has(clusterId)) throw new Error('away')
        return [{ node_id: nodeId(Number(clusterId)), age_ms: 400, heartbeat: heartbeat() }]
      },
    },
    () => new Date(now_ms),
  )
  return {
    away,
    asked,
    pass: (ms: number) => {
      now_ms += ms
    },
    get: async (...clusterIds: string[]) => {
      const found = await fleets.get(clusterIds, () => undefined)
      return found.flatMap(({ hosts }) => hosts)
    },
  }
}

test('a cluster is asked again when its picture is too old, and the ages of its hosts go on', async () => {
  const { get, asked, pass } = openFleets()
  pass(10_000)
  expect((await get('1')).map(({ seen_at_ms }) => seen_at_ms)).toEqual([9_600])
  pass(SNAPSHOT_FRESH_MS - 1)
  await get('1')
  expect(asked).toEqual(['1'])
  pass(1)
  await get('1')
  expect(asked).toEqual(['1', '1'])
})

test('a cluster that cannot be asked is shown as it last was', async () => {
  const { get, away, pass } = openFleets()
  pass(10_000)
  await get('1')
  away.add('1')
  pass(60_000)
  expect((await get('1')).map(({ seen_at_ms }) => seen_at_ms)).toEqual([9_600])
})

test('a cluster that was never seen is done without while another is there', async () => {
  const { get, away } = openFleets()
  away.add('1')
  expect((await get('1', '2')).map(({ node_id }) => node_id)).toEqual([nodeId(2)])
  await expect(get('1')).rejects.toThrow('away')
})

test('a tenant with many clusters has only the preferred ones asked', async () => {
  const { get, asked } = openFleets()
  await get(...Array.from({ length: CLUSTERS_PER_DECISION_MAX + 1 }, (_, index) => String(index)))
  expect(asked).toHaveLength(CLUSTERS_PER_DECISION_MAX)
  expect(asked).not.toContain(String(CLUSTERS_PER_DECISION_MAX))
})
