import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startKafka } from './server.ts'

/** Whether something answers at `host:port`. */
function answers(address: string): Promise<boolean> {
  const [host = '', port = ''] = address.split(':')
  return new Promise((resolve) => {
    const socket = connect(Number(port), host)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

test('a broker answers on loopback once it is started, and is gone once it is stopped', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'kafka-server-'))
  const kafka = await startKafka({ dir })
  const [broker = ''] = kafka.brokers
  expect(broker).toMatch(/^127\.0\.0\.1:\d+$/)
  expect(await answers(broker)).toBe(true)
  await kafka.stop()
  await kafka.exited
  expect(await answers(broker)).toBe(false)
  // Again over the same folder, and without harm when it is already dead.
  const again = await startKafka({ dir })
  await again.kill()
  await again.stop()
  await rm(dir, { recursive: true, force: true })
})
