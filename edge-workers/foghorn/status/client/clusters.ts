import type { ClusterStatus } from '../../../../shared/contract/foghorn-status.ts'
import { decisions } from './decisions.ts'
import { find, html, write } from './element.ts'
import { bits, plural } from './format.ts'
import { HostTable } from './hosts.ts'
import { stateOf } from './state.ts'

const list = find('clusters', HTMLDivElement)
const shown = new Map<string, ClusterSection>()

/** Shows each cluster, in the order given; one that was shown before is changed in place. */
export function showClusters(clusters: readonly ClusterStatus[]): void {
  const there = new Set(clusters.map(({ cluster_id }) => cluster_id))
  for (const [cluster_id, section] of shown) {
    if (there.has(cluster_id)) continue
    section.element.remove()
    shown.delete(cluster_id)
  }
  for (const cluster of clusters) {
    const section = shown.get(cluster.cluster_id) ?? new ClusterSection(cluster)
    if (!shown.has(cluster.cluster_id)) list.append(section.element)
    shown.set(cluster.cluster_id, section)
    section.show(cluster)
  }
}

class ClusterSection {
  readonly element: HTMLElement
  readonly #sum = html('p', { class: 'quiet' })
  readonly #note = html('p', { class: 'note' })
  readonly #table: HostTable
  readonly #decisions = html('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Recent decisions' })
  readonly #all: HTMLElement

  constructor({ cluster_id, name, kind }: ClusterStatus) {
    this.#table = new HostTable(`Hosts of ${name}`)
    this.#all = html(
      'div',
      {},
      this.#table.element,
      html('details', { class: 'recent', open: '' }, html('summary', {}, 'Recent decisions'), this.#decisions),
    )
    const title = html('h2', { id: `of-${cluster_id}` }, name, html('small', {}, kind))
    this.element = html('section', { class: 'card', 'aria-labelledby': `of-${cluster_id}` })
    this.element.append(html('header', {}, title, this.#sum), this.#note, this.#all)
  }

  show(cluster: ClusterStatus): void {
    const { hosts, reachable } = cluster
    const empty = hosts.length === 0
    this.#note.hidden = reachable && !empty
    write(
      this.#note,
      reachable ? 'No host has joined yet.' : 'The cluster does not answer now; nothing of it is known.',
    )
    this.#all.hidden = !reachable || empty
    write(this.#sum, reachable ? sumOf(cluster) : '')
    this.#table.show(hosts)
    this.#decisions.replaceChildren(decisions(cluster))
  }
}

export function sumOf({ hosts }: Pick<ClusterStatus, 'hosts'>): string {
  const open = hosts.filter((host) => stateOf(host).severity === 'open').length
  const viewers = hosts.reduce((sum, host) => sum + host.viewers, 0)
  const egress = hosts.reduce((sum, host) => sum + (host.egress_bytes_per_second ?? 0), 0)
  return `${plural(hosts.length, 'host')}, ${open} open · ${plural(viewers, 'viewer')} · ${bits(egress)}`
}
