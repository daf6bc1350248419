// MistServer's API on a host with so many streams, each with a publisher and two viewers; prints its port.
//   node node-sidecar/testing/crowded-mist.ts STREAMS
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { wantedHandlers } from '../mist/wanted.ts'
import { readApiReply } from './recordings.ts'

const STREAMS = Number(process.argv[2])
const VIEWERS = 2
const DOOR = new URL('http://127.0.0.1:18007')

const names = Array.from({ length: STREAMS }, (_, i) => `live+${String(i).padStart(32, '0')}`)
const recorded = JSON.parse(readApiReply('active_streams-longform')).active_streams['live+copy']
const sessions = JSON.parse(readApiReply('clients')).clients
const statistics = JSON.parse(readApiReply('node-statistics'))
const triggers = Object.fromEntries([...wantedHandlers(DOOR)].map(([name, handler]) => [name, [handler]]))
const configuration = { config: { triggers, prometheus: 'statistics' }, streams: { live: {} } }

const columns = ['stream', 'sessid'].map((field) => sessions.fields.indexOf(field))
const rows = names.flatMap((name, stream) =>
  Array.from({ length: VIEWERS }, (_, viewer) => {
    const row = [...sessions.data[1]]
    const id = (stream * VIEWERS + viewer).toString(16).padStart(64, '0')
    for (const [i, value] of [name, id].entries()) row[columns[i] ?? 0] = value
    return row
  }),
)

let looks = 0
/** Figures grow from look to look, as they do while streams live. */
function activeStreams() {
  looks += 1
  const figures = { ...recorded, downbytes: looks * 4_000_000, upbytes: looks * 8_000_000, sourcepids: recorded.pid }
  return Object.fromEntries(names.map((name) => [name, figures]))
}
const counted = { ...statistics.streams['live+test'], rep: false }
const machine = { ...statistics, streams: Object.fromEntries(names.map((name) => [name, counted])) }

const server = createServer(async (request, response) => {
  const command = request.method === 'GET' ? {} : Object(await json(request))
  const reply = {
    ...(command.config && configuration),
    ...(command.active_streams && { active_streams: activeStreams() }),
    ...(command.push_list && { push_list: null }),
    ...(command.clients && { clients: { ...sessions, data: rows } }),
  }
  response.setHeader('content-type', 'application/json')
  if (request.url?.endsWith('/heartbeat')) return response.end('{"interval_ms":5000,"stale_after_ms":15000}')
  response.end(JSON.stringify(request.method === 'GET' ? machine : reply))
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
