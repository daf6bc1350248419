import { open, readdir, readFile, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { wholeBytes } from './frame.ts'

/** A file of the journal; `start` is the position of its first byte in the whole of it, and its name. */
export interface Segment {
  start: number
  path: string
  /** Bytes of whole records. */
  length: number
}

const NAME = /^(\d{16})\.log$/

export function segmentPath(folder: string, start: number): string {
  return join(folder, `${String(start).padStart(16, '0')}.log`)
}

/** The segments of a journal, oldest first. The last one loses its torn tail: what a crash left half written. */
export async function loadSegments(folder: string): Promise<Segment[]> {
  const names = (await readdir(folder)).filter((name) => NAME.test(name)).sort()
  const segments: Segment[] = []
  for (const name of names) {
    const path = join(folder, name)
    segments.push({ start: Number(NAME.exec(name)?.[1]), path, length: (await stat(path)).size })
  }
  const last = segments.at(-1)
  if (last !== undefined) last.length = await cutTornTail(last)
  // A failed write may leave bytes behind a segment's end; the next one's start says where that is.
  return segments.map((segment, i) => ({ ...segment, length: lengthBefore(segment, segments[i + 1]) }))
}

function lengthBefore(segment: Segment, next: Segment | undefined): number {
  return next === undefined ? segment.length : Math.min(segment.length, next.start - segment.start)
}

async function cutTornTail({ path, length }: Segment): Promise<number> {
  const whole = wholeBytes(await readFile(path))
  if (whole < length) await truncate(path, whole)
  return whole
}

/** Makes a new, empty segment that survives a crash; one of the same start holds nothing and is replaced. */
export async function createSegment(folder: string, start: number): Promise<Segment> {
  const path = segmentPath(folder, start)
  await (await open(path, 'w', 0o600)).close()
  await syncFolder(folder)
  return { start, path, length: 0 }
}

/** Makes names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
