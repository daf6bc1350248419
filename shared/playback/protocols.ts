/** What MistServer's outputs are called in our protocol names; an output that is not here plays nothing we bind to. */
const protocolsOfOutput = new Map<string, readonly string[]>(
  Object.entries({
    CMAF: ['cmaf', 'dash', 'smooth'],
    WEBRTC: ['whep', 'wswebrtc'],
    MP4: ['mp4', 'wsmp4'],
    EBML: ['webm'],
    HTTPTS: ['ts'],
    TSSRT: ['srt'],
    HTTP: ['html'],
  }),
)

/** Whether `presented`, a protocol as Foghorn says it or an output as MistServer does, is one of `allowed`. */
export function isProtocolAmong(presented: string | undefined, allowed: readonly string[]): boolean {
  if (presented === undefined) return false
  const names = protocolsOfOutput.get(presented.toUpperCase()) ?? [presented.toLowerCase()]
  return allowed.some((protocol) => names.includes(protocol.toLowerCase()))
}
