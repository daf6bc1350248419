import type { StatusAnswer } from '../../../../shared/contract/foghorn-status.ts'

/** Gone with the tab. */
const KEY = 'foghorn.session'
const TIMEOUT_MS = 8_000

interface Session {
  token: string
  /** Of a login; an API token has none. */
  refresh: string | null
}

/** What went wrong, in words for people; `signedOut` when only signing in helps. */
export class Problem extends Error {
  readonly signedOut: boolean

  constructor(message: string, signedOut = false) {
    super(message)
    this.signedOut = signedOut
  }
}

export function isSignedIn(): boolean {
  return sessionStorage.getItem(KEY) !== null
}

export function signOut(): void {
  sessionStorage.removeItem(KEY)
}

/** An API token, or any access token of the platform. */
export function signInByToken(token: string): void {
  keep({ token: token.trim(), refresh: null })
}

/** By Commodore, where it stands at the same origin. */
export async function signIn(email: string, password: string): Promise<void> {
  const answer = await post('/auth/login', { email, password })
  if (answer.status === 404 || answer.status === 405) {
    throw new Problem('Nobody signs in at this address. Use an API token.', true)
  }
  if (!answer.ok) throw new Problem(await detailOf(answer), true)
  await keepPair(answer)
}

/** How the clusters do; a login that has run out is renewed once. */
export async function fetchStatus(): Promise<StatusAnswer> {
  const answer = await ask()
  if (answer.status !== 401) return read(answer)
  await renew()
  return read(await ask())
}

function ask(): Promise<Response> {
  const { token } = session()
  return send('/status', { headers: { accept: 'application/json', authorization: `Bearer ${token}` } })
}

async function read(answer: Response): Promise<StatusAnswer> {
  if (answer.ok) return answer.json()
  const signedOut = answer.status === 401 || answer.status === 403
  throw new Problem(await detailOf(answer), signedOut)
}

async function renew(): Promise<void> {
  const { refresh } = session()
  if (refresh === null) throw new Problem('The token is not valid.', true)
  const answer = await post('/auth/refresh', { refresh_token: refresh })
  if (!answer.ok) throw new Problem('You were signed out.', true)
  await keepPair(answer)
}

async function keepPair(answer: Response): Promise<void> {
  const { access_token, refresh_token } = await answer.json()
  keep({ token: access_token, refresh: refresh_token })
}

function session(): Session {
  const text = sessionStorage.getItem(KEY)
  if (text === null) throw new Problem('You are signed out.', true)
  return JSON.parse(text)
}

function keep(session: Session): void {
  sessionStorage.setItem(KEY, JSON.stringify(session))
}

function post(path: string, body: object): Promise<Response> {
  return send(path, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, credentials: 'omit', signal: AbortSignal.timeout(TIMEOUT_MS) })
  } catch {
    throw new Problem('Foghorn does not answer.')
  }
}

async function detailOf(answer: Response): Promise<string> {
  try {
    const { detail } = await answer.json()
    return String(detail)
  } catch {
    return `The answer was ${answer.status}.`
  }
}
