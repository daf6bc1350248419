// Fires notices at a door as MistServer does, in a process of its own, and prints how fast they were answered, as JSON.
//   node node-sidecar/testing/fire-triggers.ts PORT SECONDS kept|each IN_FLIGHT
//   node node-sidecar/testing/fire-triggers.ts PORT SECONDS kept|each offered RATE
import { callAt, callsCount } from './calls.ts'
import { HttpCaller } from './http-caller.ts'
import { measure, offer } from './measure.ts'

const [port, seconds, connections, inFlight, rate] = process.argv.slice(2)
const caller = new HttpCaller(Number(port), connections === 'kept')

/** Made before, as only the door's own work is to be measured. */
const requests = Array.from({ length: callsCount }, (_, number) => {
  const { trigger, headers, body } = callAt(number)
  const sent = { host: '127.0.0.1', ...headers, 'content-length': String(body.byteLength) }
  const lines = Object.entries(sent).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`POST /triggers/${trigger} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), body])
})

async function fire(number: number): Promise<void> {
  const request = requests[number % requests.length] ?? Buffer.alloc(0)
  const status = await caller.call(request)
  if (status !== 200) throw new Error(`answered with ${status}`)
}

const measured =
  inFlight === 'offered'
    ? await offer(Number(seconds), Number(rate), fire)
    : await measure(Number(seconds), Number(inFlight), fire)
process.stdout.write(JSON.stringify(measured))
caller.close()
