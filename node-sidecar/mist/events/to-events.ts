import type { SentEvent } from '../../../shared/events/envelope.ts'
import { deny, type Verdict } from '../../control-plane/verdict.ts'
import type { Firing } from '../firing.ts'
import type { Trigger } from '../triggers/trigger.ts'
import { toIngestEnd, toIngestStart } from './ingest-events.ts'
import { toPushEnd, toPushStart, toRecordingEnd, toSegment } from './output-events.ts'
import { toBuffer, toEnd, toReady, toTrackList, toUnload } from './stream-events.ts'
import { toConnect, toDisconnect, toView } from './view-events.ts'

const undecided = deny('undecided')

/** The events that a trigger makes: most make none. `verdict` is the answer to one that asked for it. */
export function toEvents(trigger: Trigger, firing: Firing, verdict: Verdict = undecided): SentEvent[] {
  switch (trigger.name) {
    case 'PUSH_REWRITE':
      return [toIngestStart(trigger.payload, firing, verdict)]
    case 'PUSH_INPUT_CLOSE':
      return [toIngestEnd(trigger.payload, firing)]
    case 'DEFAULT_STREAM':
      return verdict.allowed ? toView(trigger.payload, firing, verdict) : []
    case 'PLAY_REWRITE':
      return toView(trigger.payload, firing, verdict)
    case 'USER_NEW':
      return toConnect(trigger.payload, firing, verdict)
    case 'USER_END':
      return toDisconnect(trigger.payload, firing)
    case 'STREAM_READY':
      return [toReady(trigger.payload, firing)]
    case 'STREAM_UNLOAD':
      return [toUnload(trigger.payload, firing)]
    case 'STREAM_BUFFER':
      return [toBuffer(trigger.payload, firing)]
    case 'STREAM_END':
      return [toEnd(trigger.payload, firing)]
    case 'LIVE_TRACK_LIST':
      return [toTrackList(trigger.payload, firing)]
    case 'PUSH_OUT_START':
      return [toPushStart(trigger.payload, firing)]
    case 'PUSH_END':
      return [toPushEnd(trigger.payload, firing)]
    case 'RECORDING_SEGMENT':
      return [toSegment(trigger.payload, firing)]
    case 'RECORDING_END':
      return [toRecordingEnd(trigger.payload, firing)]
    default:
      return []
  }
}
