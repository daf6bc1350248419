import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { StreamId } from './fields.ts'
import { Page, PageQuery } from './page.ts'
import { Format } from './series.ts'
import {
  Bytes,
  bounded,
  Count,
  forward,
  isBounded,
  isForward,
  lengthMs,
  Moment,
  POINTS_MAX,
  range,
  Seconds,
  type TimeRange,
} from './time-range.ts'

export const STEP_SECONDS_MIN = 10
/** Usage is kept in windows of five minutes; no step is finer. */
export const USAGE_STEP_SECONDS_MIN = 300

const fitsSeries = ({ step_seconds, ...whole }: TimeRange & { step_seconds?: number | undefined }) =>
  step_seconds === undefined || lengthMs(whole) <= step_seconds * 1000 * POINTS_MAX

export const StreamStatusValue = z
  .enum(['offline', 'starting', 'live', 'stopping', 'unknown'])
  .describe('`unknown`: it was on when its host was last heard from, and that is more than two minutes ago')

/** One track of a live stream; a figure that the host does not know is null. */
export const Track = z
  .object({
    track: z.string(),
    kind: z.enum(['video', 'audio', 'meta', 'subtitle', 'unknown']),
    codec: z.string(),
    bitrate_bps: Count.nullable().describe('Bits a second, as the host measured them'),
    width: Count.nullable().describe('Of the picture, in pixels'),
    height: Count.nullable().describe('Of the picture, in pixels'),
    fps: z.number().nonnegative().nullable().describe('Frames a second'),
    channels: Count.nullable().describe('Channels of sound'),
    sample_rate_hz: Count.nullable().describe('Samples of sound a second'),
  })
  .meta({ id: 'Track' })
export type Track = z.infer<typeof Track>

/** The state of a stream on one media host. */
export const HostStatus = z
  .object({
    node_id: z.string(),
    cluster_id: z.string().nullable(),
    status: StreamStatusValue,
    replicated: z.boolean().nullable().describe('This host pulls the stream from another one'),
    started_at: Moment.nullable().describe('When the stream became ready here; null while it is off or not known'),
    updated_at: Moment.describe('Time of the newest event that this state comes from'),
    viewers: Count.describe('Sessions that watch now, as of the last poll'),
    inputs: Count.describe('Publishers, and hosts that it is pulled from'),
    outputs: Count.describe('Pushes to other servers, recordings, and viewers over SRT'),
    ingress_bytes: Bytes.nullable().describe('Received since the stream started here'),
    egress_bytes: Bytes.nullable().describe('Sent since the stream started here'),
    buffer: z
      .object({
        state: z.enum(['FULL', 'DRY', 'RECOVER', 'EMPTY']),
        buffer_ms: Count.nullable().describe('Media in the buffer'),
        jitter_ms: Count.nullable().describe('Largest jitter of a track, as the host measures it'),
        issues: z.string().nullable(),
        at: Moment,
      })
      .nullable(),
    tracks: z.array(Track),
  })
  .meta({ id: 'HostStatus' })
export type HostStatus = z.infer<typeof HostStatus>

/** The state of a stream over all of its hosts. */
export const StreamStatus = z
  .object({
    stream_id: z.string(),
    status: StreamStatusValue,
    started_at: Moment.nullable().describe('Earliest start among the hosts where it is on'),
    updated_at: Moment.nullable().describe('Null when nothing was ever heard of the stream'),
    viewers: Count.describe('Sessions that watch now, on all hosts; viewers over SRT count as outputs'),
    inputs: Count.describe('Publishers, on all hosts that do not pull the stream from another one'),
    ingress_bytes: Bytes.nullable().describe('Received from publishers since the stream started'),
    egress_bytes: Bytes.nullable().describe('Sent since the stream started, on all hosts'),
    tracks: z.array(Track).describe('Of the host that publishes it'),
    hosts: z.array(HostStatus),
  })
  .meta({ id: 'StreamStatus' })
export type StreamStatus = z.infer<typeof StreamStatus>

export const StatusQuery = z.object({
  at: range.to
    .optional()
    .describe('As of this moment (RFC 3339) instead of now, from what happened in the 31 days before it'),
})
export type StatusQuery = z.infer<typeof StatusQuery>

export const StatusesQuery = z.object({
  ...PageQuery.shape,
  on: z.stringbool().default(false).describe('Only streams that are on, or were when their hosts were last heard'),
})
export type StatusesQuery = z.infer<typeof StatusesQuery>

export const StreamStatusPage = Page(StreamStatus)
export type StreamStatusPage = z.infer<typeof StreamStatusPage>

export const ViewersQuery = z
  .object({
    ...range,
    step_seconds: z.coerce
      .number()
      .int()
      .min(STEP_SECONDS_MIN)
      .optional()
      .describe('Width of a point; fitted when absent'),
  })
  .refine(isForward, forward)
  .refine(isBounded, bounded)
  .refine(fitsSeries, { path: ['step_seconds'], error: `a series may have at most ${POINTS_MAX} points` })
export type ViewersQuery = z.infer<typeof ViewersQuery>

export const Viewers = z
  .object({
    stream_id: z.string(),
    ...{ from: Moment, to: Moment },
    step_seconds: z.int().describe('Width of a point'),
    points: z
      .array(
        z.object({
          at: Moment.describe('Start of the point'),
          viewers: z.number().nonnegative().describe('Mean number of open sessions'),
        }),
      )
      .describe('Concurrent viewers: the mean over each step of the sessions that were open, finished or not'),
    viewers_peak: z.number().nonnegative().describe('Highest point'),
    viewers_unique: Count.describe(
      'Different session ids in the range. A viewer who returns with the same address and token has the same id',
    ),
    viewer_hours: z.number().nonnegative().describe('Hours watched within the range, finished sessions or not'),
  })
  .meta({ id: 'Viewers' })
export type Viewers = z.infer<typeof Viewers>

/** One page of a list, newest first; the range is open where it is not given. */
export const ListQuery = z.object({
  ...PageQuery.shape,
  from: range.from.optional(),
  to: range.to.optional(),
})
export type ListQuery = z.infer<typeof ListQuery>

/** The same, or all of it in rows. */
export const RowsQuery = ListQuery.extend({ format: Format })
export type RowsQuery = z.infer<typeof RowsQuery>

/** One finished viewer session. */
export const Session = z
  .object({
    event_id: z.uuid().describe('Names the session; a session id can come back'),
    session_id: z.string(),
    node_id: z.string().nullable(),
    cluster_id: z.string().nullable(),
    started_at: Moment.describe('`ended_at` less `seconds`'),
    ended_at: Moment.describe('When the host reported the end, about 15 s after the last activity'),
    seconds: Seconds.describe('Time connected, as the host counted it'),
    egress_bytes: Bytes.describe('Sent to the viewer'),
    ingress_bytes: Bytes.describe('Received from the viewer'),
    host: z.string().describe('Address of the viewer, shortened to its network: IPv4 /24, IPv6 /48'),
    connector: z.string(),
    country_code: z.string().nullable(),
    city: z.string().nullable(),
    provenance: z.enum(['reported', 'reconciled']).describe('`reconciled`: the host lost the end; it was made up for'),
  })
  .meta({ id: 'Session' })
export type Session = z.infer<typeof Session>

export const SessionPage = Page(Session)
export type SessionPage = z.infer<typeof SessionPage>

/** A range of usage, and in steps of how many seconds it is wanted besides. */
export const UsageQuery = z
  .object({
    ...range,
    step_seconds: z.coerce
      .number()
      .int()
      .min(USAGE_STEP_SECONDS_MIN)
      .optional()
      .describe('Adds the sums of each window this wide, counted from `from`; none when absent'),
  })
  .refine(isForward, forward)
  .refine(isBounded, bounded)
  .refine(fitsSeries, { path: ['step_seconds'], error: `a series may have at most ${POINTS_MAX} points` })
export type UsageQuery = z.infer<typeof UsageQuery>

/** Sums of what ended within a range; a session, run, recording or push counts where its end lies, so ranges add up. */
const usageSums = {
  sessions: Count.describe(
    'Viewer sessions that ended in the range. Viewers over SRT are not among them: a host reports them as outputs, like pushes, and counts their bytes in its run alone',
  ),
  viewer_seconds: Seconds.describe('Their seconds'),
  egress_bytes: Bytes.describe('Bytes sent to their viewers'),
  ingress_bytes: Bytes.describe('Bytes received from their viewers'),
  runs: z
    .object({
      count: Count.describe('Runs of streams on hosts that ended in the range; a replica is a run of its own'),
      ingress_bytes: Bytes.describe('Received by the hosts, replicas included'),
      egress_bytes: Bytes.describe(
        'Sent by the hosts: to viewers, those over SRT too, to replicas, pushes and recordings',
      ),
      viewer_seconds: Seconds.describe('As the hosts counted them for the whole run'),
      viewers: Count.describe('Sessions that watched'),
      inputs: Count.describe('Publishers, and hosts that it was pulled from'),
      outputs: Count.describe('Pushes, recordings, and viewers over SRT'),
    })
    .describe('Totals that the hosts reported for whole runs, to compare with the sessions'),
  recordings: Count.describe('Recordings that ended in the range'),
  recorded_seconds: z.number().nonnegative().describe('Media time in those recordings'),
  recorded_bytes: Bytes.describe('Bytes written to those recordings'),
}
export const UsageSums = z.object(usageSums)
export type UsageSums = z.infer<typeof UsageSums>

export const Usage = z
  .object({
    stream_id: z.string().nullable().describe('Null for all streams of the tenant'),
    from: Moment,
    to: Moment,
    ...usageSums,
    complete_until: Moment.describe(
      'Every host that had your streams in the range has been heard since, so nothing that ended before this moment is still on its way. A host that has been silent for a day is not waited for; what it brings later is counted then',
    ),
    windows: z
      .array(z.object({ from: Moment, to: Moment, ...usageSums }))
      .describe('One after the other from `from`, also those without any use; they add up to the sums of the range'),
  })
  .meta({ id: 'Usage' })
export type Usage = z.infer<typeof Usage>

export const USAGE_CHANGES_MAX = 1_000

/** Where to go on in the changes of usage. */
export const UsageChangesQuery = z.object({
  limit: z.coerce.number().int().min(1).max(USAGE_CHANGES_MAX).default(100),
  cursor: z.string().max(512).optional().describe('`next_cursor` of the last answer; without it, from the oldest on'),
})
export type UsageChangesQuery = z.infer<typeof UsageChangesQuery>

/** What use is measured in, and what each counts; all count where it ends. */
export const meters = {
  sessions: 'Viewer sessions that ended. Viewers over SRT are outputs to a host, and in its runs alone',
  viewer_seconds: 'Seconds that those sessions were connected',
  egress_bytes: 'Bytes sent to the viewers of those sessions',
  ingress_bytes: 'Bytes received from the viewers of those sessions',
  runs: 'Runs of streams on hosts that ended; a replica is a run of its own',
  run_viewer_seconds: 'Seconds watched, as hosts counted them for whole runs',
  run_egress_bytes:
    'Bytes that hosts sent in those runs: to viewers, those over SRT too, to replicas, pushes and recordings',
  run_ingress_bytes: 'Bytes that hosts received in those runs, replicas included',
  recordings: 'Recordings that ended',
  recorded_ms: 'Media time in those recordings, in milliseconds',
  recorded_bytes: 'Bytes written to those recordings',
  pushes: 'Pushes to other servers or to files that ended',
  pushed_ms: 'Milliseconds that those pushes ran',
  pushed_bytes: 'Bytes that those pushes sent',
} as const

export const Meter = z
  .enum(Object.keys(meters) as [keyof typeof meters, ...(keyof typeof meters)[]])
  .describe(
    'Counts, seconds, milliseconds or bytes, as the name ends. Those of a run are what its host counted for all of its viewers, replicas, pushes and recordings; those without a prefix are of viewer sessions',
  )

/** A five-minute window of a tenant in which something changed, with all that it holds now. */
export const UsageChange = z
  .object({
    tenant_id: z.string(),
    from: Moment,
    to: Moment,
    changed_at: Moment.describe('When the newest of its facts was stored'),
    quantities: z
      .array(
        z.object({
          cluster_id: z.string().nullable(),
          meter: Meter,
          quantity: Count.describe('In the unit of the meter'),
        }),
      )
      .describe('The whole of the window by cluster; they replace what was said of it before. What is not named is 0'),
  })
  .meta({ id: 'UsageChange' })
export type UsageChange = z.infer<typeof UsageChange>

export const UsageChanges = z
  .object({
    data: z.array(UsageChange).describe('Oldest change first; a window that changes again comes again'),
    next_cursor: z
      .string()
      .nullable()
      .describe('Where to go on, also when there is nothing more now; null while nothing was ever said'),
  })
  .meta({ id: 'UsageChanges' })
export type UsageChanges = z.infer<typeof UsageChanges>

/** What the tracks of a stream were from `at` on. */
export const TrackList = z
  .object({ event_id: z.uuid(), at: Moment, node_id: z.string().nullable(), tracks: z.array(Track) })
  .meta({ id: 'TrackList' })
export const TrackListPage = Page(TrackList)
export type TrackListPage = z.infer<typeof TrackListPage>

/** One run of a stream on one host, from its first publisher to its end. */
export const Run = z
  .object({
    event_id: z.uuid(),
    node_id: z.string().nullable(),
    cluster_id: z.string().nullable(),
    started_at: Moment.nullable().describe('When the stream became ready; null when that was not seen'),
    ended_at: Moment.describe('When the host reported the end, about 18 s after the publisher left'),
    ingress_bytes: Bytes.describe('Received by the host'),
    egress_bytes: Bytes.describe('Sent by the host to viewers, replicas, pushes and recordings'),
    viewer_seconds: Seconds.describe('Seconds that its viewers watched'),
    viewers: Count.describe('Sessions that watched'),
    inputs: Count.describe('Publishers, and hosts that it was pulled from'),
    outputs: Count.describe('Pushes, recordings, and viewers over SRT'),
    provenance: z.enum(['reported', 'reconciled']),
  })
  .meta({ id: 'Run' })
export type Run = z.infer<typeof Run>
export const RunPage = Page(Run)
export type RunPage = z.infer<typeof RunPage>

/** Events of which nobody knows the owner, newest first. */
export const Unattributed = z
  .object({
    event_id: z.uuid(),
    event_type: z.string(),
    stream_name: z.string(),
    node_id: z.string().nullable(),
    cluster_id: z.string().nullable(),
    occurred_at: Moment,
    event: z.record(z.string(), z.unknown()).describe('The whole event as it lies in the log'),
  })
  .meta({ id: 'Unattributed' })
export type Unattributed = z.infer<typeof Unattributed>
export const UnattributedPage = Page(Unattributed)
export type UnattributedPage = z.infer<typeof UnattributedPage>

const OfStream = z.object({ id: StreamId })

export const streamSessions = endpoint({
  method: 'GET',
  path: '/streams/{id}/sessions',
  request: OfStream.and(ListQuery),
  response: SessionPage,
  refusals: ['not_found'],
})

export const streamUsage = endpoint({
  method: 'GET',
  path: '/streams/{id}/usage',
  request: OfStream.and(UsageQuery),
  response: Usage,
  refusals: ['not_found'],
})

export const streamTracks = endpoint({
  method: 'GET',
  path: '/streams/{id}/tracks',
  request: OfStream.and(ListQuery),
  response: TrackListPage,
  refusals: ['not_found'],
})

/** For Purser: which windows of anybody's usage changed, each with what it holds now. */
export const usageChanges = endpoint({
  method: 'GET',
  path: '/usage/changes',
  request: UsageChangesQuery,
  response: UsageChanges,
})

/** For operators of the platform. */
export const unattributed = endpoint({
  method: 'GET',
  path: '/unattributed',
  request: ListQuery,
  response: UnattributedPage,
})
