import { z } from 'zod'
import type { Variables } from '../config.ts'

const Secret = z.object({ value: z.string() })

/** By variable, the secret of the stack that holds it. */
export type LinkedSecrets = Readonly<Record<string, string>>

/** A Worker's variables with the secrets that are linked to it; where one is not linked, as on one machine, the variable itself counts. */
export function withBoundSecrets(bindings: Variables, secrets: LinkedSecrets): Variables {
  const linked = Object.entries(secrets).flatMap(([variable, secret]) => {
    const bound = bindings[`SST_RESOURCE_${secret}`]
    return typeof bound === 'string' ? [[variable, Secret.parse(JSON.parse(bound)).value] as const] : []
  })
  return { ...bindings, ...Object.fromEntries(linked) }
}
