import { type Outcome, RUN_MS, SAMPLE_MS } from './run.ts'
import { HOSTS, type Machine, RUSH_MS, VIEWERS } from './world.ts'

const WIDTH = 880
const HEIGHT = 360
const PANEL = { top: 74, width: 372, height: 230, left: [52, 480] }
/** The highest load that is drawn. */
const LOAD_MAX = 1.3
/** A point of a line for so many samples. */
const EVERY = 2

const SIZES = [
  { megabits: 1_000, colour: '#b4530a', name: '1 Gb/s' },
  { megabits: 2_000, colour: '#8a6d00', name: '2 Gb/s' },
  { megabits: 5_000, colour: '#0b7285', name: '5 Gb/s' },
  { megabits: 10_000, colour: '#364fc7', name: '10 Gb/s' },
]

/** Both outcomes side by side: a line for each machine, its load over time. */
export function drawComparison(machines: readonly Machine[], foghorn: Outcome, mistUtilLoad: Outcome): string {
  const crowd = `${VIEWERS.toLocaleString('en')} viewers come to ${HOSTS} hosts within ${RUSH_MS / 1000} s`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" fill="#1f2328">`,
    `<title>A flash crowd: ${crowd}, with Foghorn and with MistUtilLoad's rule</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" rx="8" fill="#fff"/>`,
    `<text x="16" y="26" font-size="15" font-weight="600">${crowd}</text>`,
    drawPanel(machines, foghorn, { name: 'Foghorn, eight isolates', left: PANEL.left[0] ?? 0 }),
    drawPanel(machines, mistUtilLoad, { name: 'MistUtilLoad’s rule, one process', left: PANEL.left[1] ?? 0 }),
    ...SIZES.map(({ colour, name }, index) => {
      const x = PANEL.left[0] === undefined ? 0 : PANEL.left[0] + index * 84
      return `<path d="M${x} 342h18" stroke="${colour}" stroke-width="2"/><text x="${x + 24}" y="346">${name}</text>`
    }),
    `<text x="${WIDTH - 16}" y="346" text-anchor="end" fill="#59636e">what hosts report is 15 s old</text>`,
    '</svg>\n',
  ].join('\n')
}

function drawPanel(
  machines: readonly Machine[],
  outcome: Outcome,
  { name, left }: { name: string; left: number },
): string {
  const { top, width, height } = PANEL
  const y = (load: number) => Math.round(top + height * (1 - Math.min(load, LOAD_MAX) / LOAD_MAX))
  const x = (ms: number) => Math.round(left + (width * ms) / RUN_MS)
  const over = Math.round(outcome.overloaded_viewer_s / 60).toLocaleString('en')
  const fate = `peak ${Math.round(outcome.peak * 100)} %, ${outcome.refused.toLocaleString('en')} refused, ${over} viewer minutes over a limit`
  return [
    `<text x="${left}" y="48" font-weight="600">${name}</text>`,
    `<text x="${left}" y="65" fill="#59636e">${fate}</text>`,
    `<path d="M${left} ${y(1)}V${top}h${width}V${y(1)}z" fill="#ffebe9"/>`,
    ...[0, 0.5, 1].map(
      (load) =>
        `<path d="M${left} ${y(load)}h${width}" stroke="${load === 1 ? '#cf222e' : '#d1d9e0'}"/><text x="${left - 6}" y="${y(load) + 4}" text-anchor="end">${load * 100} %</text>`,
    ),
    ...[0, 30, 60, 90, 120].map(
      (second) => `<text x="${x(second * 1000)}" y="${top + height + 16}" text-anchor="middle">${second} s</text>`,
    ),
    ...machines.map((machine, index) => drawLine(machine, outcome.load[index] ?? [], { x, y })),
  ].join('\n')
}

interface Axes {
  x(ms: number): number
  y(load: number): number
}

function drawLine({ limit_bytes_per_second }: Machine, loads: readonly number[], { x, y }: Axes): string {
  const megabits = limit_bytes_per_second / 125_000
  const colour = SIZES.find((size) => size.megabits === megabits)?.colour ?? '#1f2328'
  const points = loads.flatMap((load, index) => (index % EVERY === 0 ? [{ x: x(index * SAMPLE_MS), y: y(load) }] : []))
  const [first, ...rest] = points
  if (first === undefined) return ''
  const steps = rest.map((point, index) => {
    const before = points[index] ?? first
    return `${point.x - before.x} ${point.y - before.y}`
  })
  return `<path d="M${first.x} ${first.y}l${steps.join(' ')}" fill="none" stroke="${colour}" stroke-opacity=".7"/>`
}
