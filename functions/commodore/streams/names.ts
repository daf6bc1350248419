import { randomCode } from '../../../shared/random.ts'

/** Public, part of every viewer's URL: 80 random bits. */
const PLAYBACK_ID_LENGTH = 16
/** Known to media hosts alone: 120 random bits. */
const INTERNAL_NAME_LENGTH = 24

const PLAYBACK_ID = /^[0-9a-z]{16}$/
const INTERNAL_NAME = /^[0-9a-z]{24}$/
/** How MistServer is told that a stream is live: by this prefix of its name. */
const RUNTIME_PREFIX = 'live+'

export function newPlaybackId(): string {
  return randomCode(PLAYBACK_ID_LENGTH)
}

export function newInternalName(): string {
  return randomCode(INTERNAL_NAME_LENGTH)
}

export function toRuntimeName(internalName: string): string {
  return RUNTIME_PREFIX + internalName
}

/** The internal name in a runtime name, or undefined when it is not one of ours. */
export function readRuntimeName(runtimeName: string): string | undefined {
  const name = runtimeName.startsWith(RUNTIME_PREFIX) ? runtimeName.slice(RUNTIME_PREFIX.length) : ''
  return isInternalName(name) ? name : undefined
}

export function isInternalName(text: string): boolean {
  return INTERNAL_NAME.test(text)
}

/** The playback id in what a viewer's URL says, whatever its case, or undefined when it is not one of ours. */
export function readPlaybackId(text: string): string | undefined {
  const id = text.toLowerCase()
  return PLAYBACK_ID.test(id) ? id : undefined
}
