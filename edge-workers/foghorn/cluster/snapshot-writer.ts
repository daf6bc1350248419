import type { Heartbeat } from '../../../shared/contract/foghorn.ts'
import { usageOf } from '../decision/usage.ts'
import type { Figures, HostParts } from '../pictures/snapshot.ts'
import type { Heard } from './hosts.ts'

/** Writes hosts down with each set of outputs and each stream name only once: most hosts have the same outputs. */
export class SnapshotWriter {
  readonly outputs: Heartbeat['outputs'][] = []
  readonly names: string[] = []
  readonly #outputs = new Map<string, number>()
  readonly #names = new Map<string, number>()

  /** The parts of a host that are newer than `version`; null when none is. */
  write(node_id: string, heard: Heard, version: number, figures: () => Figures): HostParts | null {
    const { heartbeat, profile_version, figures_version, presence_version } = heard
    if (Math.max(profile_version, figures_version, presence_version) <= version) return null
    const { host: address, tags, location } = heartbeat
    return {
      node_id,
      ...(profile_version > version && {
        profile: { address, outputs: this.#outputsAt(heard), tags, location },
      }),
      ...(figures_version > version && { figures: figures() }),
      ...(presence_version > version && { presence: this.#presenceOf(heartbeat) }),
    }
  }

  #presenceOf({ streams }: Heartbeat): number[] {
    const presence: number[] = []
    for (const { name, inputs, replica } of streams) {
      if (inputs === 0) continue
      presence.push(2 * indexOf(name, this.#names, () => this.names.push(name)) + (replica ? 1 : 0))
    }
    return presence
  }

  #outputsAt({ outputs, heartbeat }: Heard): number {
    return indexOf(outputs, this.#outputs, () => this.outputs.push(heartbeat.outputs))
  }
}

/** Where something stands in a list; `append` adds it there and returns how long the list is then. */
function indexOf(key: string, known: Map<string, number>, append: () => number): number {
  const index = known.get(key)
  if (index !== undefined) return index
  const added = append() - 1
  known.set(key, added)
  return added
}

export function figuresOf(
  heard: Heard,
  now_ms: number,
  rest: Pick<Figures, 'held_out' | 'pending_bytes_per_second'>,
): Figures {
  const { heartbeat, seen_at_ms } = heard
  const { healthy, draining } = heartbeat
  return { ...usageOf(heartbeat), age_ms: now_ms - seen_at_ms, healthy, draining, ...rest }
}
