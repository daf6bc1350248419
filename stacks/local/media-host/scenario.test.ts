import { expect, test } from 'vitest'
import { createLog } from '../../../shared/log.ts'
import { rollDice } from './dice.ts'
import { playScenario } from './scenario.ts'
import { startWired } from './testing.ts'

async function play(seed: number) {
  await using host = await startWired({ seed })
  const { signal } = new AbortController()
  const scenario = {
    stream_keys: ['one', 'two'],
    playback_ids: ['one', 'two'],
    viewers: 3,
    duration_ms: 2_000,
    speed: 200,
  }
  await playScenario(host, rollDice(seed), createLog('media-host'), scenario, signal)
  await expect.poll(() => host.handler.names().filter((name) => name === 'STREAM_END')).toHaveLength(2)
  return host.handler.received.filter(({ trigger }) => trigger === 'USER_NEW').map(({ lines }) => lines.slice(0, 4))
}

test('a scenario ends everything that it began, and the same seed gives the same viewers', async () => {
  const first = await play(7)
  expect(first).toHaveLength(6)
  expect(await play(7)).toEqual(first)
  expect(await play(8)).not.toEqual(first)
})
