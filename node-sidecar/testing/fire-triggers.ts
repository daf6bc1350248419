// Fires notices at a door as MistServer does, in a process of its own, and prints how fast they were answered, as JSON.
//   node node-sidecar/testing/fire-triggers.ts PORT SECONDS IN_FLIGHT kept|each
import { Agent, request } from 'node:http'
import { callAt } from './calls.ts'
import { measure } from './measure.ts'

const [port, seconds, inFlight, connections] = process.argv.slice(2)
const agent = connections === 'kept' && new Agent({ keepAlive: true, maxSockets: Number(inFlight) })

function fire(number: number): Promise<void> {
  const { trigger, headers, body } = callAt(number)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const path = `/triggers/${trigger}`
  const length = { 'content-length': body.byteLength }
  const options = { port, host: '127.0.0.1', path, method: 'POST', headers: { ...headers, ...length }, agent }
  const sent = request(options, (answer) => {
    answer.resume().once('end', () => {
      if (answer.statusCode === 200) resolve()
      else reject(new Error(`${trigger} is answered with ${answer.statusCode}`))
    })
  })
  sent.once('error', reject).end(body)
  return promise
}

const measured = await measure(Number(seconds), Number(inFlight), fire)
process.stdout.write(JSON.stringify(measured))
if (agent) agent.destroy()
