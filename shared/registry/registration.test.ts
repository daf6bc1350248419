import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  openQuartermaster,
  type Tenancy,
  type TestQuartermaster,
} from '../../functions/quartermaster/testing/quartermaster.ts'
import { Page } from '../contract/page.ts'
import { ServiceInstance } from '../contract/registry.ts'
import { createLog } from '../log.ts'
import { receive, send } from '../testing/api.ts'
import { createRegistration, REGISTRATION_SECONDS, REGISTRATION_TTL_SECONDS } from './registration.ts'

let door: TestQuartermaster
let operator: Tenancy
let calls = 0
let isAway = false

beforeAll(async () => {
  door = await openQuartermaster()
  operator = await door.tenant('platform')
})
afterAll(() => door[Symbol.asyncDispose]())
beforeEach(() => {
  door.pass(REGISTRATION_TTL_SECONDS)
  calls = 0
  isAway = false
})

const open = (SERVICE_URL: URL | undefined = new URL('https://decklog.example')) =>
  createRegistration({
    service: 'decklog',
    quartermaster: {
      service: 'quartermaster',
      baseUrl: new URL('http://quartermaster.test'),
      token: () => door.identities.service('decklog', 'quartermaster'),
      fetch: async (request) => {
        calls++
        if (isAway) throw new TypeError('fetch failed')
        return door.fetch(request)
      },
    },
    config: { SERVICE_URL, INSTANCE_ID: 'main', SERVICE_VERSION: '1.2.3' },
    clock: door.now,
    log: createLog('decklog'),
  })
const listed = async () => {
  const token = await door.identities.user(operator.id, { operator: true })
  return (await receive(Page(ServiceInstance), send(door, 'GET /services', { token }))).data
}

test('an instance is listed while it runs, and not when it has left', async () => {
  const registration = open()
  expect(registration.isDue()).toBe(true)
  await registration.keep()
  expect(registration.isDue()).toBe(false)
  const said = { service: 'decklog', id: 'main', base_url: 'https://decklog.example/', version: '1.2.3' }
  expect(await listed()).toMatchObject([said])
  for (let minute = 0; minute < 5; minute++) {
    door.pass(registration.job.every_seconds)
    await registration.job.run(AbortSignal.timeout(1_000))
  }
  expect(await listed()).toMatchObject([said])
  await registration.leave()
  expect(await listed()).toEqual([])
  door.pass(REGISTRATION_SECONDS)
  await registration.keep()
  expect(await listed()).toEqual([])
})

test('one that is cut off is taken to have stopped', async () => {
  await open().keep()
  door.pass(REGISTRATION_TTL_SECONDS - 1)
  expect(await listed()).toHaveLength(1)
  door.pass(1)
  expect(await listed()).toEqual([])
})

test('it is said no more often than twice in the interval, however often it is asked for, and once by many at once', async () => {
  const registration = open()
  await Promise.all([registration.keep(), registration.keep(), registration.keep()])
  await registration.keep()
  expect(calls).toBe(1)
  door.pass(REGISTRATION_SECONDS / 2)
  await registration.keep()
  expect(calls).toBe(2)
})

test('a Quartermaster that is away stops nobody, and hears of it the next time', async () => {
  isAway = true
  const registration = open()
  await registration.keep()
  isAway = false
  expect(await listed()).toEqual([])
  door.pass(REGISTRATION_SECONDS)
  await registration.keep()
  expect(await listed()).toHaveLength(1)
  isAway = true
  await registration.leave()
})

test('a service that does not know where it is called tells nothing', async () => {
  const registration = createRegistration({
    service: 'decklog',
    quartermaster: { service: 'quartermaster', baseUrl: new URL('http://127.0.0.1:9') },
    config: { SERVICE_URL: undefined, INSTANCE_ID: 'main', SERVICE_VERSION: 'unknown' },
    clock: door.now,
    log: createLog('decklog'),
  })
  await registration.keep()
  await registration.leave()
  expect(await listed()).toEqual([])
})
