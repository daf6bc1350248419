import { showClusters, sumOf } from './clusters.ts'
import { find, write } from './element.ts'
import { age } from './format.ts'
import { drawMap, legend } from './map.ts'
import { fetchStatus, isSignedIn, Problem, signIn, signInByToken, signOut } from './session.ts'

/** How often a page that somebody looks at asks. */
const INTERVAL_MS = 5_000
const TICK_MS = 1_000

const signInCard = find('sign-in', HTMLElement)
const overview = find('overview', HTMLElement)
const sum = find('sum', HTMLParagraphElement)
const updated = find('updated', HTMLParagraphElement)
const problem = find('problem', HTMLParagraphElement)
const out = find('sign-out', HTMLButtonElement)
const token = find('token', HTMLInputElement)
const email = find('email', HTMLInputElement)
const password = find('password', HTMLInputElement)

let heard_at_ms: number | undefined
let next: ReturnType<typeof setTimeout> | undefined
/** An answer to an older question than the last is too late: somebody else may be signed in by now. */
let round = 0

/** Asks now, and again for as long as somebody is signed in and looks. */
async function refresh(): Promise<void> {
  const own = ++round
  clearTimeout(next)
  show()
  if (!isSignedIn() || document.hidden) return
  try {
    const { clusters } = await fetchStatus()
    if (own !== round) return
    const hosts = clusters.flatMap((cluster) => cluster.hosts)
    drawMap(hosts)
    showClusters(clusters)
    write(sum, clusters.length === 0 ? 'You run no cluster.' : sumOf({ hosts }))
    heard_at_ms = performance.now()
    say('')
  } catch (error) {
    if (own !== round) return
    if (error instanceof Problem && error.signedOut) leave()
    say(error instanceof Error ? error.message : 'Something went wrong.')
  }
  show()
  if (isSignedIn()) next = setTimeout(refresh, INTERVAL_MS)
}

/** Leaves nothing of what was seen behind. */
function leave(): void {
  signOut()
  heard_at_ms = undefined
  showClusters([])
  drawMap([])
  write(sum, '')
}

function show(): void {
  const inside = isSignedIn()
  signInCard.hidden = inside
  out.hidden = !inside
  overview.hidden = !inside || heard_at_ms === undefined
}

function say(text: string): void {
  write(problem, text)
  problem.hidden = text === ''
}

function tick(): void {
  const ms = heard_at_ms === undefined ? undefined : performance.now() - heard_at_ms
  write(updated, ms === undefined ? '' : `as of ${age(ms)} ago`)
  updated.classList.toggle('late', ms !== undefined && ms > 2 * INTERVAL_MS)
}

find('by-token', HTMLFormElement).addEventListener('submit', async (event) => {
  event.preventDefault()
  signInByToken(token.value)
  token.value = ''
  await refresh()
})

find('by-password', HTMLFormElement).addEventListener('submit', async (event) => {
  event.preventDefault()
  try {
    await signIn(email.value, password.value)
    say('')
  } catch (error) {
    say(error instanceof Error ? error.message : 'Something went wrong.')
    return
  } finally {
    password.value = ''
  }
  await refresh()
})

out.addEventListener('click', () => {
  round++
  clearTimeout(next)
  leave()
  say('')
  show()
})

document.addEventListener('visibilitychange', refresh)
setInterval(tick, TICK_MS)
find('map', HTMLElement).append(legend())
void refresh()
