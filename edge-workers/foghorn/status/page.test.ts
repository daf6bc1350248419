import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '../../../shared/ids.ts'
import { launchChromium } from '../../../shared/testing/chromium.ts'
import { addStream, type Foghorn, startFoghorn } from '../../../stacks/local/edge/testing/foghorn.ts'
import { findFaintTexts } from './testing/contrast.ts'

/** The page asks every five seconds. */
const EVENTUALLY = { timeout: 15_000 }
const PHONE = { width: 360, height: 740 }

let foghorn: Foghorn
let browser: Browser
beforeAll(async () => {
  foghorn = await startFoghorn()
  browser = await launchChromium()
})
afterAll(async () => {
  await browser.close()
  await foghorn[Symbol.asyncDispose]()
})

/** Opens the page, and notes what it asks for and complains of. */
async function open(options: BrowserContextOptions = {}) {
  const page = await browser.newPage(options)
  const [requests, complaints]: [string[], string[]] = [[], []]
  page.on('request', (request) => requests.push(request.url().replace(foghorn.edge.url, '')))
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(`${foghorn.edge.url}/`)
  return { page, requests, complaints, [Symbol.asyncDispose]: () => page.close() }
}

async function signIn(page: Page, tenantId: string): Promise<void> {
  await page.getByLabel('API token').fill(await foghorn.identities.user(tenantId))
  await page.getByRole('button', { name: 'Use token' }).click()
}

/** A tenant that runs two hosts in one cluster: one open, with a stream and somebody on the way; one draining. */
async function addFleet({ name = 'live+regatta' } = {}) {
  const [tenantId, clusterId, nodeId] = [newId('tenant'), newId('cluster'), newId('node')]
  foghorn.quartermaster.owned.set(tenantId, [{ cluster_id: clusterId, name: 'Europe', kind: 'private' }])
  const { playbackId, onAir } = addStream(foghorn, [clusterId])
  const streams = [...onAir.streams, { name, viewers: 7, inputs: 1, replica: false }]
  const beat = (changes = {}) =>
    foghorn.beat({ clusterId, nodeId }, { host: 'ams.example', viewers: 1234, streams, ...changes })
  await beat()
  await foghorn.beat(
    { clusterId },
    { host: 'nyc.example', draining: true, location: { latitude: 40.7, longitude: -74 } },
  )
  await foghorn.get(`/play/${playbackId}`)
  return { tenantId, playbackId, beat }
}

const row = (page: Page, host: string) =>
  page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: host }) })

test('a person signs in and sees hosts, states, who is on the way and why', async () => {
  const { tenantId, playbackId } = await addFleet()
  await using opened = await open()
  const { page, requests, complaints } = opened
  expect(await page.getByRole('heading', { name: 'Sign in' }).isVisible()).toBe(true)
  expect(requests).toEqual(['/'])
  await signIn(page, tenantId)
  await expect.poll(() => row(page, 'ams.example').textContent(), EVENTUALLY).toMatch(/open[\s\S]*1,234/)
  expect(await row(page, 'nyc.example').textContent()).toMatch(/draining/)
  expect(await page.getByText('2 hosts, 1 open · 1,234 viewers').first().isVisible()).toBe(true)
  await expect.poll(() => row(page, 'ams.example').textContent(), EVENTUALLY).toContain('+1 on the way')
  const decision = page.getByRole('row').filter({ hasText: playbackId })
  expect(await decision.textContent()).toMatch(/viewer, hls[\s\S]*ams\.example[\s\S]*bandwidth 9\d\d · .*cpu 400/)
  expect(await page.getByRole('img', { name: /ams\.example: open/ }).isVisible()).toBe(true)
  expect(new Set(requests)).toEqual(new Set(['/', '/status']))
  expect(complaints).toEqual([])
})

test('what changes is changed in place: what somebody has opened stays open', async () => {
  const { tenantId, beat } = await addFleet()
  await using opened = await open()
  const { page } = opened
  await signIn(page, tenantId)
  const host = row(page, 'ams.example')
  await host.locator('summary').click()
  expect(await host.getByText('live+regatta').isVisible()).toBe(true)
  await beat({ viewers: 4321, cpu_percent: 95 })
  await expect.poll(() => host.textContent(), EVENTUALLY).toMatch(/cpu busy[\s\S]*4,321/)
  expect(await host.getByText('live+regatta').isVisible()).toBe(true)
})

test('names of streams are text, whatever they hold', async () => {
  const name = 'live+<img src=x onerror=alert(1)>'
  const { tenantId } = await addFleet({ name })
  await using opened = await open()
  const { page, complaints, requests } = opened
  await signIn(page, tenantId)
  const host = row(page, 'ams.example')
  await host.locator('summary').click()
  expect(await host.getByText(name).isVisible()).toBe(true)
  expect(await page.locator('img').count()).toBe(0)
  expect(requests).not.toContain('/x')
  expect(complaints).toEqual([])
})

test('a token that is not good enough is said to be, and not kept', async () => {
  await using opened = await open()
  const { page } = opened
  await page.getByLabel('API token').fill('rubbish')
  await page.getByRole('button', { name: 'Use token' }).click()
  const alert = page.getByRole('alert')
  await expect.poll(() => alert.textContent(), EVENTUALLY).toContain('token is not valid')
  expect(await page.getByLabel('API token').inputValue()).toBe('')
  expect(await page.evaluate('sessionStorage.length')).toBe(0)
  await page.getByLabel('E-mail').fill('ann@example.com')
  await page.getByLabel('Password').fill('secret')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect.poll(() => alert.textContent(), EVENTUALLY).toContain('Nobody signs in at this address')
})

test('signing out leaves nothing on the page, and another tenant sees its own', async () => {
  const [ann, bob] = [await addFleet({ name: 'live+ann' }), newId('tenant')]
  await using opened = await open()
  const { page } = opened
  await signIn(page, ann.tenantId)
  await row(page, 'ams.example').waitFor()
  await page.reload()
  await row(page, 'ams.example').waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  expect(await page.content()).not.toContain('ams.example')
  await signIn(page, bob)
  await expect.poll(() => page.getByText('You run no cluster.').isVisible(), EVENTUALLY).toBe(true)
  expect(await page.content()).not.toContain('ams.example')
})

test('while Foghorn does not answer, the last picture stays and says how old it is', async () => {
  const { tenantId } = await addFleet()
  await using opened = await open()
  const { page } = opened
  await signIn(page, tenantId)
  await row(page, 'ams.example').waitFor()
  await page.route('**/status', (route) => route.abort())
  await expect.poll(() => page.getByRole('alert').textContent(), EVENTUALLY).toContain('does not answer')
  expect(await row(page, 'ams.example').isVisible()).toBe(true)
  await page.unroute('**/status')
  await expect.poll(() => page.getByRole('alert').isVisible(), EVENTUALLY).toBe(false)
})

test.each(['light', 'dark'] as const)(
  'in the %s scheme every text stands out, signed in or not, on any screen',
  async (colorScheme) => {
    const { tenantId } = await addFleet()
    await using opened = await open({ colorScheme, viewport: PHONE, reducedMotion: 'reduce' })
    const { page } = opened
    const isWithin = () => page.evaluate('document.documentElement.scrollWidth <= innerWidth')
    expect(await findFaintTexts(page)).toEqual([])
    expect(await isWithin()).toBe(true)
    await signIn(page, tenantId)
    await row(page, 'ams.example').waitFor()
    expect(await findFaintTexts(page)).toEqual([])
    expect(await isWithin()).toBe(true)
    await page.setViewportSize({ width: 1280, height: 800 })
    expect(await findFaintTexts(page)).toEqual([])
  },
)

test('everything is reached by keyboard, and tables stay tables on a phone', async () => {
  const { tenantId } = await addFleet()
  await using opened = await open({ viewport: PHONE })
  const { page } = opened
  await signIn(page, tenantId)
  await row(page, 'nyc.example').waitFor()
  const seen = new Set<string>()
  await page.evaluate('document.activeElement.blur()')
  for (let step = 0; step < 12; step++) {
    await page.keyboard.press('Tab')
    seen.add(String(await page.evaluate('document.activeElement.tagName.toLowerCase()')))
  }
  expect([...seen]).toEqual(expect.arrayContaining(['button', 'g', 'summary', 'div']))
  expect(await page.getByRole('table', { name: 'Hosts of Europe' }).getByRole('columnheader').count()).toBe(8)
  expect(await row(page, 'ams.example').getByRole('cell').count()).toBe(7)
})
