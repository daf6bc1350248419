import { once } from 'node:events'
import type { EdgeWorkerName } from '../../edge-workers.ts'
import { startChild } from '../child.ts'

interface EdgeProcessOptions {
  worker: EdgeWorkerName
  port: number
  dataPath: string
  bindings: Record<string, string>
  level: string
}

/**
 * Runs an edge worker in a process of its own: its runtime would otherwise take the terminal's Ctrl-C before those who still
 * need it, and outlive us when we are killed.
 */
export async function startEdgeProcess(options: EdgeProcessOptions): Promise<AsyncDisposable> {
  const child = startChild(new URL('./main.ts', import.meta.url), { EDGE_OPTIONS: JSON.stringify(options) })
  try {
    await Promise.race([once(child.process, 'message'), child.ended])
    return child
  } catch (error) {
    await child[Symbol.asyncDispose]()
    throw error
  }
}
