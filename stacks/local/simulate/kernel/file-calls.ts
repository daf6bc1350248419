import type { DiskFolder } from './disk.ts'
import { DiskFile } from './disk-file.ts'
import type { Process } from './process.ts'

/** What a call of the file system takes, ms. */
const CALL_MS = 0.2
const SYNC_MS_MIN = 1
const SYNC_MS_MAX = 6

type Text = string | { encoding?: string } | undefined

/** `node:fs/promises` of a simulated process, as far as Helmsman uses it; what is missing throws and is then added. */
export function fileCalls(process: Process) {
  const { disk, random } = process.machine
  const call = <T>(effect: () => T, ms = CALL_MS) => process.call(ms + disk.state.slowMs, effect)
  const sync = (node: DiskFile | DiskFolder) => call(() => disk.sync(node), random.integer(SYNC_MS_MIN, SYNC_MS_MAX))

  function handleOf(node: DiskFile | DiskFolder, flags: string) {
    const file = () => {
      if (node instanceof DiskFile) return node
      throw new TypeError('a folder is not read or written')
    }
    const put = (bytes: Uint8Array, position?: number | null) =>
      call(() => disk.write(file(), bytes, flags === 'a' ? file().content.byteLength : (position ?? 0)))
    return {
      read: (into: Buffer, offset: number, length: number, position: number) =>
        call(() => ({ bytesRead: file().content.copy(into, offset, position, position + length), buffer: into })),
      write: async (data: Uint8Array | string, offset = 0, length?: number, position?: number | null) => {
        const bytes =
          typeof data === 'string' ? Buffer.from(data) : data.subarray(offset, offset + (length ?? data.byteLength))
        return { bytesWritten: await put(bytes, position), buffer: data }
      },
      writeFile: (data: string) => writeAll(put, Buffer.from(data)),
      truncate: (length: number) => call(() => file().truncate(length)),
      sync: () => sync(node),
      datasync: () => sync(node),
      close: () => call(() => undefined),
    }
  }

  return {
    open: async (path: string, flags = 'r') => handleOf(await call(() => disk.open(path, flags)), flags),
    mkdir: (path: string) => call(() => disk.makeFolders(path)),
    readdir: (path: string) => call(() => disk.list(path)),
    realpath: (path: string) => call(() => disk.find(path) && path),
    rename: (from: string, to: string) => call(() => disk.rename(from, to)),
    rm: (path: string) => call(() => disk.remove(path)),
    unlink: (path: string) => call(() => disk.remove(path)),
    truncate: (path: string, length: number) => call(() => disk.file(path).truncate(length)),
    stat: (path: string) => call(() => ({ size: disk.file(path).content.byteLength })),
    readFile: (path: string, encoding?: Text) =>
      call(() => (encoding === undefined ? disk.file(path).content : disk.file(path).content.toString('utf8'))),
    writeFile: async (path: string, text: string) => {
      const node = await call(() => disk.open(path, 'w'))
      await handleOf(node, 'w').writeFile(text)
    },
  }
}

async function writeAll(put: (bytes: Uint8Array, position: number) => Promise<number>, bytes: Uint8Array) {
  for (let written = 0; written < bytes.byteLength; ) written += await put(bytes.subarray(written), written)
}
