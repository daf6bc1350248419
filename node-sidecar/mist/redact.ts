/** What stands where a secret was. */
export const HIDDEN = '***'

interface UrlParts {
  scheme: string
  userInfo: string
  host: string
  path: string
  query: string
  fragment: string
}

/** Cut by hand, as a broken URL must be redacted too and `URL` would refuse it. */
const URL_PARTS = /^([a-z][a-z0-9+.-]*:\/\/)?([^/?#]*@)?([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/is

function cut(url: string): UrlParts {
  const [, scheme = '', userInfo = '', host = '', path = '', query = '', fragment = ''] = URL_PARTS.exec(url) ?? []
  return { scheme, userInfo, host, path, query, fragment }
}

/** A viewer's URL: the path is public, what the query says is not. */
export function redactViewUrl(url: string): string {
  const { scheme, host, path, query } = cut(hideKeys(url))
  return `${scheme}${host}${path}${hideValues(query)}`
}

/** A publisher's URL: the last part of its path is the stream key, or its query holds it. */
export function redactPushUrl(url: string): string {
  const { scheme, host, path, query } = cut(hideKeys(url))
  return `${scheme}${host}${hideLastPart(path)}${hideValues(query)}`
}

/** Where a push or a recording goes: a file's path is none of a secret, a server's is like a publisher's. */
export function redactTarget(target: string): string {
  return cut(target).scheme === '' ? hideKeys(target) : redactPushUrl(target)
}

/** The secrets that a push target holds, as they may appear elsewhere: percent-encoded, and not. */
export function secretsOf(target: string): string[] {
  const { scheme, userInfo, path, query, fragment } = cut(target)
  if (scheme === '') return []
  const values = query
    .slice(1)
    .split('&')
    .map((pair) => pair.slice(pair.indexOf('=') + 1))
  const parts = [...userInfo.slice(0, -1).split(':'), path.split('/').findLast((part) => part !== ''), ...values]
  const plain = [...parts, fragment.slice(1)].filter((part) => part !== undefined && part !== '')
  return [...new Set(plain.flatMap((part = '') => [part, encodeURIComponent(part).toLowerCase(), decode(part)]))]
}

/** A text, such as a line of a log, without those secrets and without any URL's. */
export function redactText(text: string, secrets: readonly string[]): string {
  const longestFirst = secrets.toSorted((a, b) => b.length - a.length)
  const hidden = longestFirst.reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text)
  return hideKeys(hidden).replace(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"']+/gi, redactViewUrl)
}

/** Our own stream keys, wherever somebody has put one. */
export function hideKeys(text: string): string {
  return text.replace(/sk_[0-9a-z]+/gi, `sk_${HIDDEN}`)
}

function hideLastPart(path: string): string {
  return path.replace(/[^/]+(\/*)$/, `${HIDDEN}$1`)
}

function hideValues(query: string): string {
  return query.replace(/([?&])([^=&]*)(=[^&]*)?/g, (_, start: string, name: string, value?: string) => {
    if (value !== undefined) return `${start}${name}=${HIDDEN}`
    return name === '' ? start : `${start}${HIDDEN}`
  })
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
