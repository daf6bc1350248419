import { classifyHost, mayBeReached } from '../../../shared/addresses/host.ts'
import { Fault } from '../../../shared/fault.ts'

const SCHEMES = ['rtmp:', 'rtmps:', 'srt:'] as const
/**
 * What stands before the host is a scheme of ours, and the host is where the text seems to say. `#` and `$` mean something
 * to MistServer: options, some of which write files, and its operator's variables.
 */
const URL_FORM = /^(rtmps?|srt):\/\/(\[[0-9a-fA-F:.]+\]|[^\s/?#@:\\[\]$]+)(?::(\d{1,5}))?([/?][\x21\x22\x25-\x7e]*)?$/i
const PORT_MAX = 65_535

export interface PushUrl {
  /** As a media host is told. */
  url: string
  /** What may be shown: where it leads, and none of what opens it. */
  redacted: string
}

/** Reads where a stream is to be sent; 400 for what is no such address, 422 for one that must not be reached. */
export function readPushUrl(text: string): PushUrl {
  const [, scheme = '', host = '', port, rest = ''] = URL_FORM.exec(text) ?? []
  const url = `${scheme.toLowerCase()}://${host}${port === undefined ? '' : `:${port}`}${rest}`
  if (scheme === '' || !isPort(port) || !isReadAlike(url, host)) throw invalid()
  if (classifyHost(host) === 'invalid') throw invalid()
  if (!mayBeReached(host)) {
    throw new Fault('unprocessable', 'push_address_not_public', 'The address does not lead to the public internet.')
  }
  const place = `${scheme.toLowerCase()}://${host}${port === undefined ? '' : `:${port}`}`
  return { url, redacted: rest.length > 1 ? `${place}/***` : place }
}

function isPort(port: string | undefined): boolean {
  return port === undefined || (Number(port) >= 1 && Number(port) <= PORT_MAX)
}

/** Another reader of the same text must find the same host in it, and nobody's name and password before it. */
function isReadAlike(url: string, host: string): boolean {
  if (!URL.canParse(url)) return false
  const read = new URL(url)
  const isOurs = SCHEMES.some((scheme) => scheme === read.protocol)
  return isOurs && read.username === '' && read.password === '' && sameHost(read.hostname, host)
}

function sameHost(read: string, host: string): boolean {
  return read.startsWith('[') ? host.startsWith('[') : decodeURIComponent(read).toLowerCase() === host.toLowerCase()
}

function invalid(): Fault {
  return new Fault(
    'invalid',
    'invalid_input',
    'The url must be rtmp://, rtmps:// or srt:// with a host, and hold neither # nor $.',
    {
      errors: [{ pointer: '/url', detail: 'not an rtmp, rtmps or srt URL without user, password, # and $' }],
    },
  )
}
