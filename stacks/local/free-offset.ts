import { portsAt, requireFree } from './ports.ts'

/** Offsets stay below the range from which the kernel hands out ports. */
const OFFSETS = Array.from({ length: 40 }, (_, i) => 2_000 + i * 300)

/** An offset at which every port of the system is free, so that several systems run beside each other. */
export async function findFreeOffset(): Promise<number> {
  const start = process.pid % OFFSETS.length
  for (const offset of [...OFFSETS.slice(start), ...OFFSETS.slice(0, start)]) {
    if (await isFree(offset)) return offset
  }
  throw new Error('no offset has all ports free')
}

async function isFree(offset: number): Promise<boolean> {
  return requireFree(portsAt(offset)).then(
    () => true,
    () => false,
  )
}
