/** The names that a viewer's token has in a URL, the first one counting. */
const NAMES = ['token', 'jwt', 'tkn']
/** Three base64url parts: what else is called a token is none of ours, and goes on as it is. */
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/
/** What MistServer calls the token of a session: it alone is passed on from a playlist to its parts. */
const SESSION_TOKEN = 'tkn'

export interface ViewerToken {
  token: string | undefined
  /** The query for the media host. */
  search: string
}

/** The viewer's token in a query (`?a=b` or empty), and the query with it where MistServer keeps it for the session. */
export function takeToken(search: string): ViewerToken {
  if (search === '') return { token: undefined, search }
  const query = new URLSearchParams(search)
  const sent = NAMES.map((name) => query.get(name)).filter((value) => value !== null && value !== '')
  const [token] = sent.filter((value) => value !== null)
  if (token === undefined || !COMPACT.test(token)) return { token, search }
  const others = search
    .slice(1)
    .split('&')
    .filter((part) => part !== '' && !NAMES.includes(part.split('=', 1)[0] ?? ''))
  return { token, search: `?${[...others, `${SESSION_TOKEN}=${token}`].join('&')}` }
}
