import type { ClusterStatus, RecentDecision } from '../../../../shared/contract/foghorn-status.ts'
import { html, svg } from './element.ts'
import { count, time } from './format.ts'
import { wordsOf } from './state.ts'

const columns = ['When', 'For', 'Stream', 'Sent to', 'Why'] as const
const wants = { play: 'viewer', ingest: 'publisher', source: 'host' }
/** In the order in which they are stacked. */
const parts = ['bandwidth', 'distance', 'cpu', 'memory', 'stream', 'cluster', 'tags']

/** What was decided of late, newest first, each with its score by part or with what spoke against every host. */
export function decisions({ recent, hosts, weights }: ClusterStatus): HTMLElement {
  if (recent.length === 0) return html('p', { class: 'quiet' }, 'Nobody asked for a host of late.')
  const names = new Map(hosts.map(({ node_id, host }) => [node_id, host]))
  const most = Object.values(weights).reduce((sum, points) => sum + points, 0)
  const rows = recent.map((decision) => toRow(decision, names, most))
  const heads = columns.map((name) => html('th', { scope: 'col', role: 'columnheader' }, name))
  return html(
    'table',
    { role: 'table', class: 'decisions' },
    html('caption', { class: 'hidden' }, 'Recent decisions'),
    html('thead', { role: 'rowgroup' }, html('tr', { role: 'row' }, ...heads)),
    html('tbody', { role: 'rowgroup' }, ...rows),
  )
}

function toRow(decision: RecentDecision, names: ReadonlyMap<string, string>, most: number): HTMLTableRowElement {
  const { at, want, stream, playback_id, protocol } = decision
  const sent = decision.outcome === 'sent'
  const cells: Record<(typeof columns)[number], (Node | string)[]> = {
    When: [html('time', { datetime: at }, time(at))],
    For: [`${wants[want]}${protocol === null ? '' : `, ${protocol}`}`],
    Stream: [html('code', {}, playback_id ?? stream)],
    'Sent to': sent ? [names.get(decision.node_id) ?? decision.node_id] : [html('span', { class: 'pill' }, 'nobody')],
    Why: sent ? [scoreOf(decision, most)] : [wordsOf(decision.reason)],
  }
  const row = html('tr', { role: 'row', class: sent ? 'open' : 'down' })
  for (const name of columns) row.append(html('td', { role: 'cell', 'data-label': name }, ...cells[name]))
  return row
}

function scoreOf({ score, score_parts, distance_km }: RecentDecision & { outcome: 'sent' }, most: number): HTMLElement {
  const known = parts.filter((part) => (score_parts[part] ?? 0) !== 0)
  const frame = { class: 'bar', viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': 'true' }
  const bar = svg('svg', frame)
  let x = 0
  for (const part of known) {
    const width = Math.max(0, ((score_parts[part] ?? 0) / most) * 100)
    bar.append(svg('rect', { x, width, height: 8, class: `part ${part}` }))
    x += width
  }
  const words = known.map((part) => `${part} ${count(Math.round(score_parts[part] ?? 0))}`)
  const far = distance_km === null ? '' : `, ${count(Math.round(distance_km))} km away`
  return html(
    'div',
    { class: 'score' },
    html('strong', {}, count(Math.round(score))),
    bar,
    html('small', {}, `${words.join(' · ')}${far}`),
  )
}
