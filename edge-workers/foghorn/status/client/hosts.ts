import type { HostStatus } from '../../../../shared/contract/foghorn-status.ts'
import { html, set, svg, write } from './element.ts'
import { age, bits, count, percent } from './format.ts'
import { stateOf, wordsOf } from './state.ts'

/** From here on a bar warns. */
const HIGH = 0.75

const columns = ['State', 'Host', 'Processor', 'Memory', 'Bandwidth', 'Viewers', 'Streams', 'Heard'] as const

/** A table of hosts that is changed in place, so that what is open, focused or selected in it stays so. */
export class HostTable {
  readonly element: HTMLTableElement
  readonly #body = html('tbody', { role: 'rowgroup' })
  readonly #rows = new Map<string, HostRow>()

  /** Tables that lie out as cards on a phone lose their roles unless these are written down. */
  constructor(caption: string) {
    const heads = columns.map((name) => html('th', { scope: 'col', role: 'columnheader' }, name))
    this.element = html(
      'table',
      { role: 'table', class: 'hosts' },
      html('caption', { class: 'hidden' }, caption),
      html('thead', { role: 'rowgroup' }, html('tr', { role: 'row' }, ...heads)),
      this.#body,
    )
  }

  show(hosts: readonly HostStatus[]): void {
    const there = new Set(hosts.map(({ node_id }) => node_id))
    for (const [node_id, row] of this.#rows) {
      if (there.has(node_id)) continue
      row.element.remove()
      this.#rows.delete(node_id)
    }
    for (const [index, host] of hosts.entries()) {
      const row = this.#rows.get(host.node_id) ?? new HostRow()
      this.#rows.set(host.node_id, row)
      row.show(host)
      if (this.#body.children[index] !== row.element)
        this.#body.insertBefore(row.element, this.#body.children[index] ?? null)
    }
  }
}

class HostRow {
  readonly element = html('tr', { role: 'row' })
  readonly #state = html('span', { class: 'pill' })
  readonly #why = html('small')
  readonly #host = html('strong')
  readonly #tags = html('small')
  readonly #cpu = new Bar()
  readonly #memory = new Bar()
  readonly #bandwidth = new Bar()
  readonly #viewers = html('span')
  readonly #pending = html('small', { class: 'accent' })
  readonly #streams = html('summary')
  readonly #streamList = html('ul', { class: 'stream-list' })
  readonly #heard = html('span')

  constructor() {
    const cells: Record<(typeof columns)[number], Node[]> = {
      State: [this.#state, this.#why],
      Host: [this.#host, this.#tags],
      Processor: [this.#cpu.element],
      Memory: [this.#memory.element],
      Bandwidth: [this.#bandwidth.element],
      Viewers: [this.#viewers, this.#pending],
      Streams: [html('details', {}, this.#streams, this.#streamList)],
      Heard: [this.#heard],
    }
    for (const name of columns) {
      const attributes = { 'data-label': name, class: name.toLowerCase() }
      const cell =
        name === 'Host'
          ? html('th', { scope: 'row', role: 'rowheader', ...attributes })
          : html('td', { role: 'cell', ...attributes })
      cell.append(...cells[name])
      this.element.append(cell)
    }
  }

  show(host: HostStatus): void {
    const { word, severity } = stateOf(host)
    set(this.element, { class: severity })
    write(this.#state, word)
    write(this.#why, host.reasons.slice(1).map(wordsOf).join(', '))
    write(this.#host, host.host)
    write(this.#tags, host.tags.join(' '))
    this.#cpu.show(host.cpu_percent === null ? null : { share: host.cpu_percent / 100 })
    this.#memory.show(host.memory_ratio === null ? null : { share: host.memory_ratio })
    this.#bandwidth.show(bandwidthOf(host))
    write(this.#viewers, count(host.viewers))
    write(this.#pending, host.pending_viewers > 0 ? `+${count(host.pending_viewers)} on the way` : '')
    write(this.#streams, count(host.streams_total))
    this.#streamList.replaceChildren(...toStreams(host))
    write(this.#heard, `${age(host.age_ms)} ago`)
  }
}

function bandwidthOf(host: HostStatus): Load | null {
  const { egress_bytes_per_second: egress, bandwidth_limit_bytes_per_second: limit } = host
  if (egress === null) return null
  if (limit === null) return { share: 0, words: bits(egress) }
  const words = `${bits(egress)} of ${bits(limit)}`
  return { share: egress / limit, extra: host.pending_bytes_per_second / limit, words }
}

function toStreams({ streams, streams_total }: HostStatus): HTMLElement[] {
  const items = streams.map(({ name, viewers, inputs, replica }) =>
    html(
      'li',
      {},
      html('code', {}, name),
      ` ${count(viewers)}${inputs > 0 ? (replica ? ', replica' : ', origin') : ''}`,
    ),
  )
  const others = streams_total - streams.length
  return others > 0 ? [...items, html('li', {}, `and ${count(others)} more`)] : items
}

interface Load {
  /** 0 to 1 and above. */
  share: number
  /** What is on the way, on top. */
  extra?: number
  /** Beside the bar, where the share alone does not tell all. */
  words?: string
}

class Bar {
  readonly element = html('div', { class: 'load' })
  readonly #used = svg('rect', { height: 8 })
  readonly #extra = svg('rect', { height: 8, class: 'extra' })
  readonly #text = html('span')

  constructor() {
    const frame = { class: 'bar', viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': 'true' }
    this.element.append(svg('svg', frame, this.#used, this.#extra), this.#text)
  }

  show(load: Load | null): void {
    const used = clamp(load?.share ?? 0)
    set(this.#used, { width: used * 100, class: used >= HIGH ? 'used high' : 'used' })
    set(this.#extra, { x: used * 100, width: (clamp(used + (load?.extra ?? 0)) - used) * 100 })
    write(this.#text, load === null ? 'unknown' : (load.words ?? percent(load.share)))
  }
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share))
}
