import { CHANNEL_LIFE_MS, COMMAND_LIFE_MS_MAX } from '../../../shared/contract/commands.ts'

/** Commands that may wait for one host; a further one fails at once. */
export const COMMANDS_PENDING_MAX = 100
/** How long an outcome is kept, for a sender who asks again. */
export const OUTCOME_KEPT_MS = COMMAND_LIFE_MS_MAX

/** Whether a channel has lived so long that its host must open a new one, with a token that is good now. */
export function isOver(opened_at_ms: number, now_ms: number): boolean {
  return now_ms - opened_at_ms >= CHANNEL_LIFE_MS
}
