import type { HostStatus } from '../../../../shared/contract/foghorn-status.ts'
import { find, html, svg } from './element.ts'
import { plural } from './format.ts'
import { stateOf, worst } from './state.ts'

/** Hosts nearer to each other than this, in degrees, are one mark. */
const GRID = 3
const RADIUS = 2.4
const RADIUS_MAX = 9

const marks = find('marks', SVGGElement)
const unplaced = find('unplaced', HTMLParagraphElement)

/** Draws the hosts where they stand, the larger the more viewers they have. */
export function drawMap(hosts: readonly HostStatus[]): void {
  const places = Map.groupBy(hosts, ({ location }) =>
    location === null ? '' : `${Math.round(location.latitude / GRID)} ${Math.round(location.longitude / GRID)}`,
  )
  const nowhere = places.get('') ?? []
  places.delete('')
  marks.replaceChildren(...Array.from(places.values(), toMark))
  unplaced.hidden = nowhere.length === 0
  unplaced.textContent = `Not on the map, because nobody told where: ${nowhere.map(({ host }) => host).join(', ')}`
}

function toMark(hosts: readonly HostStatus[]): SVGGElement {
  const viewers = sum(hosts, (host) => host.viewers)
  const pending = sum(hosts, (host) => host.pending_viewers)
  const x = mean(hosts, ({ location }) => location?.longitude ?? 0)
  const y = -mean(hosts, ({ location }) => location?.latitude ?? 0)
  const radius = Math.min(RADIUS_MAX, RADIUS + Math.log10(1 + viewers))
  const says = hosts.map((host) => `${host.host}: ${stateOf(host).word}, ${plural(host.viewers, 'viewer')}`).join('\n')
  const mark = svg('g', {
    class: `mark ${worst(hosts)}`,
    transform: `translate(${x} ${y})`,
    role: 'img',
    tabindex: 0,
    'aria-label': says,
  })
  mark.append(svg('title', {}, says))
  if (pending > 0) mark.append(svg('circle', { class: 'pending', r: radius }))
  mark.append(svg('circle', { class: 'halo', r: radius + 1.6 }), svg('circle', { class: 'disc', r: radius }))
  if (hosts.length > 1) mark.append(svg('text', { y: 1.35 }, String(hosts.length)))
  return mark
}

function sum(hosts: readonly HostStatus[], of: (host: HostStatus) => number): number {
  return hosts.reduce((total, host) => total + of(host), 0)
}

function mean(hosts: readonly HostStatus[], of: (host: HostStatus) => number): number {
  return sum(hosts, of) / hosts.length
}

/** The map's legend. */
export function legend(): HTMLElement {
  const entries = { open: 'open', busy: 'busy or full', away: 'draining or held out', down: 'silent or unhealthy' }
  return html(
    'ul',
    { class: 'legend' },
    ...Object.entries(entries).map(([severity, words]) =>
      html('li', {}, html('span', { class: `dot ${severity}`, 'aria-hidden': 'true' }), words),
    ),
  )
}
