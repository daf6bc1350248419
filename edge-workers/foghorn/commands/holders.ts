import type { Command } from '../../../shared/contract/commands.ts'
import type { HostAge } from '../decision/fleet.ts'

/**
 * The hosts that have the stream that a command names, silent ones too: they may only be cut off. A push starts where
 * the stream comes in, once, not on the hosts that copy it.
 */
export function holdersOf(hosts: readonly HostAge[], command: Command): string[] {
  const name = 'runtime_name' in command ? command.runtime_name : undefined
  const origin = command.kind === 'start_push'
  return hosts.flatMap(({ node_id, heartbeat }) => {
    const held = heartbeat.streams.find((stream) => stream.name === name)
    if (held === undefined || (origin && (held.replica || held.inputs === 0))) return []
    return [node_id]
  })
}
