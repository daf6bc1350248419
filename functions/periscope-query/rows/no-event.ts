import { fragment } from './source.ts'

/** The id of what is of no one event. */
export const noEvent = fragment`toUUID('00000000-0000-0000-0000-000000000000')`
