import type { Link } from '../kernel/network.ts'
import type { Random } from '../kernel/random.ts'
import { CLOCK_SKEW_MS_MAX, type MediaHost, type Role, type World } from './world.ts'

interface Trouble {
  world: World
  random: Random
  note: (line: string) => void
  /** No more of it from then on, Unix ms. */
  until: number
}

const SECOND = 1_000

type Fault = (trouble: Trouble) => void

/** Breaks something every few seconds, and what it broke is mended some time later; all of it by `until`. */
export function makeTrouble(trouble: Trouble): void {
  const { world, random, until } = trouble
  const { schedule } = world
  const next = () => {
    if (schedule.now >= until) return
    random.pick(faults)(trouble)
    schedule.after(random.integer(2 * SECOND, 25 * SECOND), next)
  }
  schedule.after(random.integer(2 * SECOND, 25 * SECOND), next)
}

/** Mends everything and starts whatever is dead. */
export function mendAll(world: World): void {
  for (const { machine } of world.hosts) Object.assign(machine.disk.state, WELL_DISK)
  for (const link of world.network.links) Object.assign(link, WELL_LINK)
  for (const { process } of world.roles) process?.killAfter(Number.POSITIVE_INFINITY)
  world.startAll()
}

const WELL_DISK = { roomBytes: Number.POSITIVE_INFINITY, broken: false, slowMs: 0 }
const WELL_LINK = { cut: false, slowMs: 0, resetShare: 0 }

/** Those that are more interesting stand more often. */
const faults: readonly Fault[] = [
  killAny,
  killAny,
  killHelmsman,
  killHelmsman,
  killHelmsman,
  cutPower,
  cutPower,
  spoilLink,
  spoilLink,
  spoilLink,
  spoilDisk,
  spoilDisk,
  stepClock,
]

/** At an await of its own, after a few more steps. */
function killAny({ world, random, note }: Trouble): void {
  kill(random.pick(world.roles), { world, random, note })
}

function killHelmsman({ world, random, note }: Trouble): void {
  kill(random.pick(world.hosts).helmsman, { world, random, note })
}

function kill(role: Role, { world, random, note }: Pick<Trouble, 'world' | 'random' | 'note'>): void {
  const { process } = role
  if (process === undefined || !process.alive) return
  const steps = random.integer(1, 60)
  process.onDeath(() => {
    if (!world.open) return
    const downMs = downtimeMs(random)
    note(`${role.name} is killed, for ${downMs} ms`)
    world.schedule.after(downMs, () => world.start(role))
  })
  process.killAfter(steps)
}

function downtimeMs(random: Random): number {
  return random.chance(0.8) ? random.integer(100, 8 * SECOND) : random.integer(10 * SECOND, 100 * SECOND)
}

function cutPower({ world, random, note }: Trouble): void {
  const host = random.pick(world.hosts)
  const downMs = downtimeMs(random)
  note(`${host.node_id} loses power, for ${downMs} ms`)
  host.machine.cutPower()
  for (const role of [host.mist, host.helmsman]) {
    world.schedule.after(downMs + random.integer(0, 5 * SECOND), () => world.start(role))
  }
}

/** Who talks to whom; MistServer and Helmsman over loopback too. */
function pairsOf({ hosts }: World): [string, string][] {
  const ofHosts = hosts.flatMap(({ mist, helmsman }): [string, string][] => [
    [mist.name, helmsman.name],
    [helmsman.name, 'decklog-1'],
    [helmsman.name, 'decklog-2'],
    [helmsman.name, 'control-plane'],
  ])
  const rest = [1, 2].flatMap((i): [string, string][] => [
    [`decklog-${i}`, 'event-log'],
    [`decklog-${i}`, 'control-plane'],
    [`ingest-${i}`, 'event-log'],
    [`ingest-${i}`, 'clickhouse'],
    [`ingest-${i}`, 'postgres'],
  ])
  return [...ofHosts, ...rest]
}

function spoilLink({ world, random, note, until }: Trouble): void {
  const [a, b] = random.pick(pairsOf(world))
  const link = world.network.link(world.machineOf(a), world.machineOf(b))
  const spoilt = random.pick<Partial<Link>>([
    { cut: true },
    { slowMs: random.integer(200, 12 * SECOND) },
    { resetShare: random.pick([0.2, 0.5, 1]) },
  ])
  note(`${a} - ${b}: ${JSON.stringify(spoilt)}`)
  Object.assign(link, spoilt)
  mendLater({ world, random, until }, () => Object.assign(link, WELL_LINK))
}

function spoilDisk({ world, random, note, until }: Trouble): void {
  const { machine, node_id } = random.pick(world.hosts)
  const spoilt = random.pick<Partial<MediaHost['machine']['disk']['state']>>([
    { roomBytes: random.integer(0, 3_000) },
    { broken: true },
    { slowMs: random.pick([20, 300, 5 * SECOND, 40 * SECOND]) },
  ])
  note(`the disk of ${node_id}: ${JSON.stringify(spoilt)}`)
  Object.assign(machine.disk.state, spoilt)
  mendLater({ world, random, until }, () => Object.assign(machine.disk.state, WELL_DISK))
}

function mendLater({ world, random, until }: Pick<Trouble, 'world' | 'random' | 'until'>, mend: () => void): void {
  const left = until - world.schedule.now
  world.schedule.after(Math.min(left, random.integer(SECOND, 60 * SECOND)), mend)
}

/** As when a clock is set right, or a virtual machine goes on after a pause. */
function stepClock({ world, random, note }: Trouble): void {
  const { machine, node_id } = random.pick(world.hosts)
  const aheadMs = random.integer(-CLOCK_SKEW_MS_MAX, CLOCK_SKEW_MS_MAX)
  note(`the clock of ${node_id} steps by ${aheadMs - machine.clockAheadMs} ms`)
  machine.clockAheadMs = aheadMs
}
