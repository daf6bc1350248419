import { DEAD_LETTERS_TOPIC, EVENTS_TOPIC } from '../../../../shared/contract/decklog.ts'
import { freshConfig } from '../../media-host/server-config.ts'
import { Machine } from '../kernel/machine.ts'
import { Network } from '../kernel/network.ts'
import type { Process } from '../kernel/process.ts'
import type { Random } from '../kernel/random.ts'
import { Schedule } from '../kernel/schedule.ts'
import { Broker } from '../models/broker.ts'
import { ModelClickHouse } from '../models/clickhouse.ts'
import { ModelEventLog } from '../models/event-log.ts'
import { ModelRegisters } from '../models/registers.ts'
import { modelStores } from '../models/stores.ts'
import { Truth } from '../truth/truth.ts'
import { gather } from './audience.ts'
import { CLUSTER_ID, startControlPlane } from './control-plane.ts'
import { startDecklog } from './decklog.ts'
import { startHelmsman } from './helmsman.ts'
import { startMistServer } from './mist-server.ts'
import type { Mutation } from './mutations.ts'
import { runPeriscopeIngest } from './periscope-ingest.ts'

const START = Date.parse('2026-11-24T00:00:00.000Z')
const PARTITIONS = 4
const HOSTS_MAX = 2
const SECOND_HOST_SHARE = 0.3
const DECKLOGS = 2
const CONSUMERS = 2
/** How wrong a host's clock may be: less than Decklog takes for a broken one. */
export const CLOCK_SKEW_MS_MAX = 10 * 60_000

/** A program that is to run, and runs again some time after it has died. */
export interface Role {
  name: string
  machine: Machine
  start: (process: Process) => Promise<void>
  process: Process | undefined
}

/** A media host: MistServer and Helmsman on one machine, whose power may fail. */
export interface MediaHost {
  node_id: string
  machine: Machine
  mist: Role
  helmsman: Role
}

interface WorldOptions {
  random: Random
  mutation: Mutation | undefined
  note: (line: string) => void
}

/** Media hosts, the platform behind them and its stores, each on a machine of its own. */
export class World {
  readonly schedule = new Schedule(START)
  readonly network: Network
  readonly truth = new Truth(() => this.schedule.now)
  readonly broker = new Broker(() => this.schedule.now)
  readonly clickhouse = new ModelClickHouse()
  readonly registers: ModelRegisters
  readonly hosts: MediaHost[]
  readonly roles: Role[] = []
  /** False once publishers and viewers are to go home. */
  open = true
  readonly #options: WorldOptions

  constructor(options: WorldOptions) {
    const { random } = options
    this.#options = options
    this.network = new Network(this.schedule, random)
    this.registers = new ModelRegisters(options.mutation !== 'last-arrival-wins')
    this.broker.ensureTopic(EVENTS_TOPIC, PARTITIONS)
    this.broker.ensureTopic(DEAD_LETTERS_TOPIC, PARTITIONS)
    for (const [name, service] of [
      ['event-log', this.broker],
      ['clickhouse', this.clickhouse],
      ['postgres', this.registers],
    ] as const) {
      this.#role(name, this.#machine(name), async (process) => this.network.serve(name, process, service))
    }
    this.#role('control-plane', this.#machine('control-plane'), async (process) =>
      startControlPlane(process, this.network),
    )
    for (let i = 1; i <= DECKLOGS; i++) {
      this.#role(`decklog-${i}`, this.#machine(`decklog-${i}`), async (process) =>
        startDecklog(process, this.network, this.#eventLog(process)),
      )
    }
    for (let i = 1; i <= CONSUMERS; i++) {
      this.#role(`ingest-${i}`, this.#machine(`ingest-${i}`), (process) =>
        runPeriscopeIngest(this.#stores(process), this.#eventLog(process), options.mutation),
      )
    }
    const hosts = random.chance(SECOND_HOST_SHARE) ? HOSTS_MAX : 1
    this.hosts = Array.from({ length: hosts }, (_, i) => this.#mediaHost(`nod_${i + 1}`, i + 1))
  }

  /** Starts whatever does not run. */
  startAll(): void {
    for (const role of this.roles) this.start(role)
  }

  start(role: Role): void {
    if (role.process?.alive) return
    role.process = role.machine.start(role.name, role.start, (error) => {
      this.#options.note(`${role.name} ended: ${error}`)
    })
  }

  machineOf(name: string): Machine {
    const role = this.roles.find((each) => each.name === name)
    if (role === undefined) throw new TypeError(`no ${name}`)
    return role.machine
  }

  #machine(name: string): Machine {
    return new Machine({ name, schedule: this.schedule, random: this.#options.random })
  }

  #role(name: string, machine: Machine, start: Role['start']): Role {
    const role: Role = { name, machine, start, process: undefined }
    this.roles.push(role)
    return role
  }

  #mediaHost(node_id: string, number: number): MediaHost {
    const { random, mutation } = this.#options
    const { network, truth } = this
    const machine = this.#machine(node_id)
    machine.clockAheadMs = random.integer(-CLOCK_SKEW_MS_MAX, CLOCK_SKEW_MS_MAX)
    machine.disk.state.lying = mutation === 'disk-lies'
    const settings = freshConfig({ http_port: 8080, api_port: 4242 })
    const streams = [`a${number}`, `b${number}`]
    const mist = this.#role(`mist-${node_id}`, machine, async (process) => {
      const host = startMistServer(process, { node_id, settings, network, truth })
      gather({ host, random, streams, open: () => this.open })
    })
    const helmsman = this.#role(`helmsman-${node_id}`, machine, (process) =>
      startHelmsman(process, { node_id, cluster_id: CLUSTER_ID, network, truth, mutation }),
    )
    return { node_id, machine, mist, helmsman }
  }

  #eventLog(process: Process): ModelEventLog {
    return new ModelEventLog((work) => this.network.call(process, 'event-log', work))
  }

  #stores(process: Process) {
    return modelStores({
      clickhouse: (work) => this.network.call(process, 'clickhouse', work),
      registers: (work) => this.network.call(process, 'postgres', work),
    })
  }
}
