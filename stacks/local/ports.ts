import { createServer } from 'node:net'

/** Each part of the local system and its port, as in the design; `offset` moves all of them. */
const ports = {
  'front-door': 18_090,
  commodore: 18_001,
  quartermaster: 18_002,
  'periscope-query': 18_004,
  'periscope-ingest': 18_005,
  decklog: 18_006,
  helmsman: 18_007,
  foghorn: 18_008,
  signalman: 18_009,
  'media-host-api': 14_242,
  'media-host-http': 18_080,
  postgres: 15_432,
  'postgres-proxy': 15_433,
  clickhouse: 18_123,
} as const

export type PortName = keyof typeof ports
export type Ports = Record<PortName, number>

export function portsAt(offset: number): Ports {
  return Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, port + offset])) as Ports
}

/** Throws, naming all of them, when ports that the system needs are taken. */
export async function requireFree(wanted: Partial<Ports>): Promise<void> {
  const checks = Object.entries(wanted).map(async ([name, port]) => ((await isFree(port)) ? [] : [`${port} (${name})`]))
  const taken = (await Promise.all(checks)).flat()
  if (taken.length === 0) return
  const plural = taken.length > 1
  throw new Error(
    `${plural ? 'Ports' : 'Port'} ${taken.join(', ')} ${plural ? 'are' : 'is'} taken. ` +
      'Stop what listens there (perhaps another `npm start`), or move all ports: `npm start -- --port-offset 1000`.',
  )
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
