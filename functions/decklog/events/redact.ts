import type { EventType } from '../../../shared/events/catalogue.ts'

/** Our own secrets and signed tokens, wherever they stand. */
const OUR_SECRET = /\b(sk|fw|en|rt)_[0-9a-z]{20,}/g
const SIGNED_TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g
/** `user:password@` before the host of a URL. */
const USER_INFO = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@"\\]+@/gi
/** Parameters of a URL that let somebody in. */
const SECRET_PARAMETER =
  /([?&](?:tkn|token|key|auth|jwt|pass|password|passphrase|secret|sig|signature|access_key|streamkey|stream_key)=)[^&#\s"\\]+/gi
/** Where a push goes, other platforms' keys are the last part of an RTMP path, or the id of an SRT stream. */
const PUSH_KEY = /(\brtmps?:\/\/[^\s"\\?#]+\/|[?&]streamid=)[^\s"\\?&#/]+/gi

const SHOWN = '***'

/**
 * A JSON text without the credentials that its strings hold. Helmsman has removed them at the source; an older one,
 * or another sender, may not have, and what is in the log stays there.
 */
export function redact(type: EventType, json: string): string {
  let text = json.replace(OUR_SECRET, `$1_${SHOWN}`)
  // Looking for each at every place costs as much as all else here, and most events hold none of what they begin with.
  if (text.includes('eyJ')) text = text.replace(SIGNED_TOKEN, SHOWN)
  if (text.includes('://')) text = text.replace(USER_INFO, `$1${SHOWN}@`)
  if (text.includes('=')) text = text.replace(SECRET_PARAMETER, `$1${SHOWN}`)
  return type === 'push-lifecycle' ? text.replace(PUSH_KEY, `$1${SHOWN}`) : text
}
