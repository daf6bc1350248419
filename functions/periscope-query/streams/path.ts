import { z } from 'zod'
import { StreamId } from '../../../shared/contract/fields.ts'
import { path } from '../../../shared/http/route.ts'

/** Reads `{id}` as the id of a stream. */
export const ofStream = path(z.object({ id: StreamId }))
