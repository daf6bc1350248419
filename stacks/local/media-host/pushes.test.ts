import { expect, test } from 'vitest'
import { admitAll, callApi, startWired } from './testing.ts'

const STREAM = 'live+regatta'
const TARGET = 'rtmp://live.example/app/secret'

async function openHost(answer = TARGET) {
  const host = await startWired({
    decide: (call) => (call.trigger === 'PUSH_OUT_START' ? { body: answer } : admitAll(call)),
  })
  await callApi(host, { addstream: { live: { name: 'live', source: 'push://' } } })
  await host.publish({ stream_key: 'regatta', protocol: 'rtmp', publisher_host: '192.0.2.9' })
  const list = async () => (await callApi(host, { push_list: true })).push_list
  const ends = () => host.handler.received.filter(({ trigger }) => trigger === 'PUSH_END')
  return { host, list, ends }
}

test('a push is listed from its start until it is stopped, and its end is told', async () => {
  const { host, list, ends } = await openHost()
  await using _ = host
  await callApi(host, { push_start: { stream: STREAM, target: TARGET } })
  await expect.poll(list).toMatchObject([[expect.any(Number), STREAM, TARGET, TARGET, [], {}]])
  const [[id]] = (await list()) as [[number]]
  await callApi(host, { push_stop: [id] })
  await expect.poll(() => ends().map(({ lines }) => lines.slice(0, 4))).toEqual([[String(id), STREAM, TARGET, TARGET]])
  expect(await list()).toBeNull()
})

test('a stream is not sent to the same target twice', async () => {
  const { host, list } = await openHost()
  await using _ = host
  for (const target of [TARGET, TARGET, `${TARGET}2`]) await callApi(host, { push_start: [STREAM, target] })
  expect(await list()).toHaveLength(2)
})

test('a push ends with its stream', async () => {
  const { host, list, ends } = await openHost()
  await using _ = host
  await callApi(host, { push_start: [STREAM, TARGET] })
  await expect.poll(list).not.toBeNull()
  await callApi(host, { nuke_stream: STREAM })
  await expect.poll(() => ends().length).toBe(1)
  expect(await list()).toBeNull()
})

test('a push that PUSH_OUT_START blanks does not begin', async () => {
  const { host, list, ends } = await openHost('')
  await using _ = host
  await callApi(host, { push_start: { stream: STREAM, target: TARGET } })
  await expect.poll(() => host.handler.names()).toContain('PUSH_OUT_START')
  host.finish()
  await host.idle()
  expect([await list(), ends()]).toEqual([null, []])
})
