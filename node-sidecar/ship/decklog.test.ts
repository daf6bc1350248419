import { expect, test } from 'vitest'
import { eventId } from '../../shared/ids.ts'
import { createEvent } from '../mist/events/event.ts'
import { startDecklog } from '../testing/decklog.ts'
import { connectDecklog } from './decklog.ts'

const end = createEvent('stream-end', {
  event_id: eventId('nod_1', 'x'),
  occurred_at: new Date(0),
  stream_name: 'live+é',
  data: {
    ingress_bytes: Number.MAX_SAFE_INTEGER,
    egress_bytes: 0,
    viewers: 0,
    inputs: 0,
    outputs: 0,
    viewer_seconds: 0,
    provenance: 'reported',
  },
})
const never = new AbortController().signal

test('a number beyond 32 bits and a name beyond ASCII arrive as they are', async () => {
  const decklog = await startDecklog()
  const publish = connectDecklog({ url: decklog.url, token: async () => 't' })
  expect(await publish([end], never)).toEqual([{ event_id: end.event_id, accepted: true }])
  const [taken] = decklog.taken
  expect(taken?.streamName).toBe('live+é')
  expect(JSON.parse(new TextDecoder().decode(taken?.data))).toEqual(end.data)
})

test('a token that cannot be had fails the call', async () => {
  const decklog = await startDecklog()
  const token = () => Promise.reject(new Error('no token'))
  await expect(connectDecklog({ url: decklog.url, token })([end], never)).rejects.toThrow('no token')
  expect(decklog.batches).toEqual([])
})

test('a call that is stopped or late fails', async () => {
  const decklog = await startDecklog()
  const publish = connectDecklog({ url: decklog.url, token: async () => 't', timeoutMs: 0 })
  await expect(publish([end], never)).rejects.toThrow()
  const stopped = AbortSignal.abort()
  await expect(connectDecklog({ url: decklog.url, token: async () => 't' })([end], stopped)).rejects.toThrow()
})
