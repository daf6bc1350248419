import type { Command } from '../../../shared/contract/commands.ts'

/** A command for one host, or for all that have the stream that it names. */
export interface Order {
  id: string
  node_id: string | null
  command: Command
  expires_in_ms: number
  wait_ms: number
}
