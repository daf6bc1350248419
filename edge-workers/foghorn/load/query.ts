import { z } from 'zod'
import { ClusterId } from '../../../shared/contract/fields.ts'
import { type Location, Location as LocationSchema } from '../../../shared/contract/foghorn.ts'
import { invalidInput, parse } from '../../../shared/parse.ts'
import type { Question } from '../decision/decision.ts'

/** Longest text that a query holds: a host, a stream's name, a URL to fall back on. */
const TEXT_CHARS_MAX = 512
const TAG_ADJUSTS_MAX = 32
const TAG_ADJUST_CHARS_MAX = 256
const TAG_POINTS_MAX = 100_000
/** All of a processor. */
const CPU_PERCENT_MAX = 100

/** As MistUtilLoad has it, what is empty is not there. */
const Text = z
  .string()
  .max(TEXT_CHARS_MAX)
  .regex(/^[ -~\u00a0-\uffff]*$/, 'has control characters')
  .transform((text) => (text === '' ? undefined : text))
  .optional()

const Figure = z
  .string()
  .regex(/^[+-]?\d{1,9}(\.\d{1,20})?$/, 'not a number')
  .transform(Number)
const absent = z.literal('').transform(() => undefined)

const place = {
  lat: absent
    .or(Figure.pipe(LocationSchema.shape.latitude))
    .optional()
    .describe('Degrees north of who is to be served'),
  lon: absent
    .or(Figure.pipe(LocationSchema.shape.longitude))
    .optional()
    .describe('Degrees east; only together with lat'),
  tag_adjust: z
    .string()
    .transform(toTagAdjust)
    .optional()
    .describe('JSON: points by tag, `{"a,b":10,"-c":-5}`: for hosts with a or b, and for those without c'),
}

/** The query of `/{stream}`. */
export const StreamQuery = z.object({
  proto: Text.describe('MistServer’s name of an output, or a usual name of a protocol'),
  ...place,
})

/** The query of `/`: one question, and what goes with it. */
export const LoadQuery = z.object({
  weights: z
    .string()
    .max(TEXT_CHARS_MAX)
    .optional()
    .describe('JSON of the weights to change; anything else shows them'),
  lstserver: Text.describe('Lists the hosts with their state'),
  delserver: Text.describe('A host, by name or id, that is to get nobody'),
  addserver: Text.describe('A host that is to get somebody again'),
  viewers: Text.describe('Viewers by stream, of `*`, a name, or the names that begin with `{name}+`'),
  streamstats: Text.describe('The same with bandwidth and bytes: `[viewers, bytes/s for one, bytes up, bytes down]`'),
  stream: Text.describe('Viewers of a stream, as a number'),
  source: Text.describe('For media hosts: where to pull a stream from'),
  fallback: Text.describe('Answered where there is no source or no host, instead of FULL'),
  ingest: absent
    .or(Figure.pipe(z.number().min(0).max(CPU_PERCENT_MAX)))
    .optional()
    .describe('Percent of a processor that a publisher needs: the best host for one'),
  host: Text.describe('A host’s state, by name or id'),
  cluster: ClusterId.optional().describe('Only this one of your clusters'),
  ...place,
})
export type LoadQuery = z.output<typeof LoadQuery>

/** Which hosts whoever asks would rather have. */
export interface Wishes {
  location: Location | null
  adjust: Question['adjust']
}

export function wishesOf({ lat, lon, tag_adjust }: Pick<LoadQuery, 'lat' | 'lon' | 'tag_adjust'>): Wishes {
  if ((lat === undefined) !== (lon === undefined)) {
    throw invalidInput([{ path: [lat === undefined ? 'lat' : 'lon'], message: 'a place is told by lat and lon' }])
  }
  return {
    location: lat === undefined || lon === undefined ? null : { latitude: lat, longitude: lon },
    adjust: tag_adjust ?? [],
  }
}

/** What a front of ours says of whom it asks for; it comes before what the query says. */
export function wishesInHeaders(header: (name: string) => string | undefined, query: Wishes): Wishes {
  const said = { lat: header('x-latitude'), lon: header('x-longitude'), tag_adjust: header('x-tag-adjust') }
  const { location, adjust } = wishesOf(parse(z.object(place), said))
  return { location: location ?? query.location, adjust: said.tag_adjust === undefined ? query.adjust : adjust }
}

const Adjust = z.record(
  z.string().min(1).max(TAG_ADJUST_CHARS_MAX),
  z.number().min(-TAG_POINTS_MAX).max(TAG_POINTS_MAX),
)

function toTagAdjust(text: string, ctx: z.RefinementCtx): Question['adjust'] {
  if (text === '') return []
  const adjust = Adjust.safeParse(toJson(text))
  if (adjust.success && Object.keys(adjust.data).length <= TAG_ADJUSTS_MAX) {
    return Object.entries(adjust.data).map(([match, points]) => {
      const without = match.startsWith('-')
      return { tags: match.slice(without ? 1 : 0).split(','), without, points }
    })
  }
  ctx.addIssue(`not a JSON object of at most ${TAG_ADJUSTS_MAX} tags with their points`)
  return z.NEVER
}

export function toJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
