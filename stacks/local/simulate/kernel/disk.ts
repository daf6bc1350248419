import { DiskFile } from './disk-file.ts'
import type { Random } from './random.ts'

/** A change of a folder that a crash may still undo. */
type Change = Map<string, DiskNode | null>

export class DiskFolder {
  names = new Map<string, DiskNode>()
  #durable = new Map<string, DiskNode>()
  #changes: Change[] = []

  change(change: Change): void {
    this.#changes.push(change)
    apply(change, this.names)
  }

  sync(): void {
    for (const change of this.#changes.splice(0)) apply(change, this.#durable)
  }

  /** Changes reach the disk in order, so a crash keeps the first few of them. */
  cutPower(random: Random): void {
    const kept = random.integer(0, this.#changes.length)
    for (const change of this.#changes.splice(0).slice(0, kept)) apply(change, this.#durable)
    this.names = new Map(this.#durable)
    for (const node of this.names.values()) node.cutPower(random)
  }
}

function apply(change: Change, names: Map<string, DiskNode>): void {
  for (const [name, node] of change) {
    if (node === null) names.delete(name)
    else names.set(name, node)
  }
}

export type DiskNode = DiskFolder | DiskFile

/** How a disk does at the moment. */
export interface DiskState {
  /** Bytes that it still takes; writes beyond fail with ENOSPC. */
  roomBytes: number
  /** Writes and syncs fail with EIO. */
  broken: boolean
  /** Every call takes so much longer, ms. */
  slowMs: number
  /** Says that it has synced, and has not: for proving that the checks notice. */
  lying: boolean
}

/** What POSIX promises of a file system, and no more: only what was synced survives, names by a sync of their folder. */
export class Disk {
  readonly state: DiskState = { roomBytes: Number.POSITIVE_INFINITY, broken: false, slowMs: 0, lying: false }
  readonly #random: Random
  readonly #root = new DiskFolder()

  constructor(random: Random) {
    this.#random = random
  }

  find(path: string): DiskNode {
    let node: DiskNode = this.#root
    for (const name of partsOf(path)) {
      if (!(node instanceof DiskFolder)) throw errno('ENOTDIR', path)
      const next = node.names.get(name)
      if (next === undefined) throw errno('ENOENT', path)
      node = next
    }
    return node
  }

  file(path: string): DiskFile {
    const node = this.find(path)
    if (!(node instanceof DiskFile)) throw errno('EISDIR', path)
    return node
  }

  /** Answers the path of the first folder that it had to make. */
  makeFolders(path: string): string | undefined {
    let folder = this.#root
    let at = ''
    let first: string | undefined
    for (const name of partsOf(path)) {
      at = `${at}/${name}`
      const next = folder.names.get(name) ?? new DiskFolder()
      if (!(next instanceof DiskFolder)) throw errno('ENOTDIR', path)
      if (!folder.names.has(name)) {
        folder.change(new Map([[name, next]]))
        first ??= at
      }
      folder = next
    }
    return first
  }

  list(path: string): string[] {
    const node = this.find(path)
    if (!(node instanceof DiskFolder)) throw errno('ENOTDIR', path)
    return [...node.names.keys()]
  }

  /** As open(2) with the flags of Node: `r`, `r+`, `w`, `a`. */
  open(path: string, flags: string): DiskNode {
    if (partsOf(path).length === 0) return this.#root
    const { folder, name } = this.#place(path)
    const found = folder.names.get(name)
    if (found instanceof DiskFile && flags === 'w') found.truncate(0)
    if (found !== undefined) return found
    if (flags.startsWith('r')) throw errno('ENOENT', path)
    const made = new DiskFile()
    folder.change(new Map([[name, made]]))
    return made
  }

  rename(from: string, to: string): void {
    const [source, target] = [this.#place(from), this.#place(to)]
    const node = source.folder.names.get(source.name)
    if (node === undefined) throw errno('ENOENT', from)
    if (source.folder !== target.folder) throw errno('EXDEV', to)
    source.folder.change(
      new Map<string, DiskNode | null>([
        [source.name, null],
        [target.name, node],
      ]),
    )
  }

  remove(path: string): void {
    const { folder, name } = this.#place(path)
    if (folder.names.has(name)) folder.change(new Map([[name, null]]))
  }

  write(file: DiskFile, bytes: Uint8Array, position: number): number {
    if (this.state.broken) throw errno('EIO', 'write')
    const fits = Math.min(bytes.byteLength, Math.floor(this.state.roomBytes))
    if (fits <= 0 && bytes.byteLength > 0) throw errno('ENOSPC', 'write')
    this.state.roomBytes -= fits
    file.write(bytes.subarray(0, fits), position)
    return fits
  }

  sync(node: DiskNode): void {
    if (this.state.lying) return
    if (!this.state.broken) {
      node.sync()
      return
    }
    // Linux drops what it could not write: a later sync does not try again.
    if (node instanceof DiskFile) node.loseWrites(this.#random)
    throw errno('EIO', 'fsync')
  }

  cutPower(): void {
    this.#root.cutPower(this.#random)
  }

  #place(path: string): { folder: DiskFolder; name: string } {
    const parts = partsOf(path)
    const name = parts.pop() ?? ''
    const folder = this.find(parts.join('/'))
    if (!(folder instanceof DiskFolder)) throw errno('ENOTDIR', path)
    return { folder, name }
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '')
}

function errno(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code })
}
