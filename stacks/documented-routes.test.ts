import { expect, test } from 'vitest'
import { openCommodore } from '../functions/commodore/testing/commodore.ts'
import { openTestPeriscopeQuery } from '../functions/periscope-query/testing/periscope-query.ts'
import { operationsOf } from '../shared/testing/operations.ts'
import { routeOf } from './routes.ts'

test('what services document for others has a route and all its answers, and what only services ask has no route', async () => {
  await using commodore = await openCommodore()
  await using periscopeQuery = await openTestPeriscopeQuery()
  const doors = { commodore, quartermaster: commodore.quartermaster, 'periscope-query': periscopeQuery }
  for (const [service, door] of Object.entries(doors)) {
    const operations = await operationsOf(door)
    expect(operations.length).toBeGreaterThan(5)
    for (const { line, auth, statuses } of operations) {
      const [method = '', path = ''] = line.replaceAll(/\{\w+\}/g, 'x').split(' ')
      expect(`${line}: ${routeOf(method, path)}`).toBe(`${line}: ${auth.includes('service') ? undefined : service}`)
      // What names a thing may name one that is not there.
      if (line.includes('{')) expect(statuses, line).toContain(404)
    }
  }
})
