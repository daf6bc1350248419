import { Resource } from 'sst'
import type { Variables } from '../config.ts'
import type { LinkedSecrets } from './bindings.ts'

/** A function's variables with the secrets that are linked to it; SST lays them beside the code, encrypted. Throws when one is not linked. */
export function withLinkedSecrets(env: Variables, secrets: LinkedSecrets): Variables {
  const linked = Object.entries(secrets).map(([variable, secret]) => [variable, read(secret)])
  return { ...env, ...Object.fromEntries(linked) }
}

/** Which deployment a function belongs to. */
export function linkedStage(): string {
  return Resource.App.stage
}

/** What is linked depends on the function, so that its type says nothing of it. */
function read(secret: string): string {
  return (Resource as unknown as Record<string, { value: string }>)[secret]?.value ?? ''
}
