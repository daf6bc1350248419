import type { z } from 'zod'
import { ClientLifecycle } from './client-lifecycle.ts'
import { LoadBalancing } from './load-balancing.ts'
import { NodeMonitoring } from './node-monitoring.ts'
import { PushLifecycle } from './push-lifecycle.ts'
import { RecordingLifecycle } from './recording-lifecycle.ts'
import { StreamBuffer } from './stream-buffer.ts'
import { StreamEnd } from './stream-end.ts'
import { StreamIngest } from './stream-ingest.ts'
import { StreamLifecycle } from './stream-lifecycle.ts'
import { StreamView } from './stream-view.ts'
import { TrackList } from './track-list.ts'
import { UserConnection } from './user-connection.ts'

/** Every event type: the schema of its `data` and that schema's version, which rises with each incompatible change. */
export const catalogue = {
  'stream-ingest': { schema_version: 1, data: StreamIngest },
  'stream-view': { schema_version: 1, data: StreamView },
  'stream-lifecycle': { schema_version: 1, data: StreamLifecycle },
  'stream-buffer': { schema_version: 1, data: StreamBuffer },
  'stream-end': { schema_version: 1, data: StreamEnd },
  'user-connection': { schema_version: 1, data: UserConnection },
  'push-lifecycle': { schema_version: 1, data: PushLifecycle },
  'recording-lifecycle': { schema_version: 1, data: RecordingLifecycle },
  'track-list': { schema_version: 1, data: TrackList },
  'client-lifecycle': { schema_version: 1, data: ClientLifecycle },
  'node-monitoring': { schema_version: 1, data: NodeMonitoring },
  'load-balancing': { schema_version: 1, data: LoadBalancing },
} as const satisfies Record<string, { schema_version: number; data: z.ZodType }>

export type Catalogue = typeof catalogue
export type EventType = keyof Catalogue
export type EventData<T extends EventType> = z.infer<Catalogue[T]['data']>

export const eventTypes = Object.keys(catalogue) as readonly EventType[]

export function isEventType(text: string): text is EventType {
  return Object.hasOwn(catalogue, text)
}
