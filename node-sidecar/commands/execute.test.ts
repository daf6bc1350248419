import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import type { Command } from '../../shared/contract/commands.ts'
import { startMediaHost } from '../../stacks/local/media-host/media-host.ts'
import { Gate } from '../control-plane/gate.ts'
import { MistApi } from '../mist/api.ts'
import { serve } from '../serve.ts'
import { playbackAllowed, startControlPlane } from '../testing/control-plane.ts'
import { captureLog } from '../testing/log-lines.ts'
import { execute } from './execute.ts'
import { GRACE_MS, KILL_MS } from './terminate-stream.ts'

const NAME = 'live+regatta'

/** A stand-in that lives fast, whose publishers and viewers nobody checks. */
async function openHost() {
  const { log } = captureLog()
  const host = await startMediaHost({ port: 0, http_port: 0, log, seed: 1, speed: 20 })
  onTestFinished(() => host.stop())
  const api = new MistApi({ url: new URL(host.url) })
  await api.call({ addstream: { live: { name: 'live', source: 'push://' } } })
  const plane = await startControlPlane()
  const gate = new Gate({ commodore: plane.client, clock: () => new Date(0), uptime: () => 0, log })
  const told: string[] = []
  const drain = async (on: boolean) => void told.push(`drain ${on}`)
  const pushes = {
    add: async (name: string, target: string) => void told.push(`push ${name} ${target}`),
    remove: async (name: string, target: string) => void told.push(`no push ${name} ${target}`),
  }
  const deps = { api, gate, pushes, drain, streamChanged: () => void told.push('changed') }
  const run = (command: Command) => execute(deps, command)
  const active = async () => (await api.call({ active_streams: true })).active_streams
  const publish = () => host.publish({ stream_key: NAME, protocol: 'rtmp', publisher_host: '192.0.2.9' })
  return { host, api, plane, gate, told, run, active, publish }
}

/** MistServer's API as a port that notes what it is told. */
async function openRecorder(onCall: (call: Record<string, unknown>) => void = () => undefined) {
  const calls: Record<string, unknown>[] = []
  const reply: Record<string, unknown> = {}
  const app = new Hono()
  app.post('/api2', async (c) => {
    const call = await c.req.json<Record<string, unknown>>()
    calls.push(call)
    onCall(call)
    return c.json(reply)
  })
  const served = await serve(app, { hostname: '127.0.0.1', port: 0 })
  onTestFinished(() => served[Symbol.asyncDispose]())
  const api = new MistApi({ url: new URL(`http://127.0.0.1:${served.port}`) })
  const nothing = async () => undefined
  const pushes = { add: nothing, remove: nothing }
  const deps = { api, gate: { forget: () => undefined }, pushes, drain: nothing, streamChanged: () => undefined }
  return { calls, reply, run: (command: Command) => execute(deps, command) }
}

test('a terminated stream is gone with its publisher, and Foghorn is told at once', async () => {
  const { run, active, publish, told } = await openHost()
  expect(await publish()).toMatchObject({ accepted: true })
  expect(await active()).toEqual([NAME])
  await run({ kind: 'terminate_stream', runtime_name: NAME })
  expect(await active()).toBeNull()
  expect(told).toEqual(['changed'])
  expect(await publish()).toMatchObject({ accepted: true })
})

test('a stream that outlives its sessions is killed', async () => {
  const { run, calls, reply } = await openRecorder((call) => {
    if ('nuke_stream' in call) reply.active_streams = null
  })
  reply.active_streams = { [NAME]: { pid: [31_000] } }
  await run({ kind: 'terminate_stream', runtime_name: NAME })
  const orders = calls.filter((call) => !('active_streams' in call))
  expect(orders).toEqual([{ stop_sessions: NAME }, { nuke_stream: NAME }])
})

test('a stream that does not end is a failure, one that is back with another publisher is not', async () => {
  const { run, reply } = await openRecorder((call) => {
    if ('stop_sessions' in call && call.stop_sessions === 'live+back')
      reply.active_streams = { 'live+back': { pid: [2] } }
  })
  reply.active_streams = { [NAME]: { pid: [1] }, 'live+back': { pid: [1] } }
  await run({ kind: 'terminate_stream', runtime_name: 'live+back' })
  reply.active_streams = { [NAME]: { pid: [1] } }
  const begun = performance.now()
  await expect(run({ kind: 'terminate_stream', runtime_name: NAME })).rejects.toMatchObject({ reason: 'still_active' })
  expect(performance.now() - begun).toBeGreaterThanOrEqual(GRACE_MS + KILL_MS)
})

test('only the stream that is named ends, and one that does not run is as good as ended', async () => {
  const { run, active, publish } = await openHost()
  await publish()
  await run({ kind: 'terminate_stream', runtime_name: 'live+other' })
  expect(await active()).toEqual([NAME])
})

test('sessions are stopped by stream or by id', async () => {
  const { run, calls } = await openRecorder()
  await run({ kind: 'stop_sessions', runtime_name: NAME })
  await run({ kind: 'stop_sessions', session_ids: ['a', 'b'] })
  expect(calls).toEqual([{ stop_sessions: NAME }, { stop_sessid: ['a', 'b'] }])
})

test('who is asked about anew is judged by the control plane, not by what was permitted before', async () => {
  const { run, gate, plane } = await openHost()
  plane.playback = () => playbackAllowed('regatta')
  const viewer = { stream_name: 'pb_regatta', host: '192.0.2.7', protocol: 'HLS', token: '' }
  expect(await gate.view(viewer)).toMatchObject({ allowed: true })
  plane.playback = () => ({ allowed: false, reason: 'stream_disabled' })
  expect(await gate.view(viewer)).toMatchObject({ allowed: true })
  await run({ kind: 'reauthorise_sessions', runtime_name: NAME })
  expect(await gate.view(viewer)).toEqual({ allowed: false, reason: 'stream_disabled' })
})

test('pushes are begun and ended by whoever keeps them', async () => {
  const { run, told } = await openHost()
  const target = 'rtmp://live.example/app/secret'
  await run({ kind: 'start_push', runtime_name: NAME, target })
  await run({ kind: 'stop_push', runtime_name: NAME, target })
  expect(told).toEqual([`push ${NAME} ${target}`, `no push ${NAME} ${target}`])
})

test('draining is passed on', async () => {
  const { run, told } = await openHost()
  await run({ kind: 'drain', on: true })
  expect(told).toEqual(['drain true'])
})

test('a MistServer that does not answer fails a command with its reason', async () => {
  const { run, host } = await openHost()
  await host.stop()
  await expect(run({ kind: 'terminate_stream', runtime_name: NAME })).rejects.toMatchObject({
    reason: 'mist_unreachable',
  })
})
