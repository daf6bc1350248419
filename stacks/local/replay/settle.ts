import { setTimeout as sleep } from 'node:timers/promises'

/** How long the answers must stay right before they count: what is counted twice shows up late. */
const HOLD_MS = 3_000
const SETTLE_TIMEOUT_MS = 60_000
const POLL_MS = 250

interface Options {
  hold_ms?: number
  timeout_ms?: number
}

/** Asks again until the answer is right and stays so, or time is up; returns the last answer either way. */
export async function settle<T>(
  ask: () => Promise<T>,
  isRight: (answer: T) => boolean,
  options: Options = {},
): Promise<T> {
  const { hold_ms = HOLD_MS, timeout_ms = SETTLE_TIMEOUT_MS } = options
  const started = performance.now()
  let rightSince: number | undefined
  for (;;) {
    const answer = await ask()
    const now = performance.now()
    rightSince = isRight(answer) ? (rightSince ?? now) : undefined
    if (rightSince !== undefined && now - rightSince >= hold_ms) return answer
    if (now - started >= timeout_ms) return answer
    await sleep(POLL_MS)
  }
}
