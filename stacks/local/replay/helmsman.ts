const CALL_TIMEOUT_MS = 5_000

/** How many bytes of events Helmsman still holds because Decklog has not taken them. */
export async function askPendingBytes(helmsman: URL): Promise<number> {
  const response = await fetch(new URL('/metrics', helmsman), { signal: AbortSignal.timeout(CALL_TIMEOUT_MS) })
  return readPendingBytes(await response.text())
}

/** Reads that number from Helmsman's metrics. */
export function readPendingBytes(metrics: string): number {
  const [, value] = /^helmsman_journal_pending_bytes(?:\{[^}]*\})? (\S+)$/m.exec(metrics) ?? []
  if (value === undefined) throw new Error('Helmsman does not say what it still holds')
  return Number(value)
}
