import { chmod, readFile } from 'node:fs/promises'
import { exportJWK, generateKeyPair } from 'jose'
import { z } from 'zod'
import { NodePublicKey } from '../../shared/contract/quartermaster.ts'
import { Fault } from '../../shared/fault.ts'
import { ALGORITHM } from '../../shared/identity/key.ts'
import { replaceFile } from '../journal/replace-file.ts'

const ONLY_OWNER = 0o600

/** Who this host is: its own private key, made here, and what Quartermaster called it, once it has. */
const NodeFile = z.object({
  key: NodePublicKey.extend({ d: z.string() }),
  enrolled: z.object({ node_id: z.string(), cluster_id: z.string() }).nullable(),
})
export type NodeFile = z.infer<typeof NodeFile>

/** Reads the file, or makes it with a new key: before the first request, so that a repeated one has the same key. */
export async function loadNodeFile(path: string): Promise<NodeFile> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return null
    throw new Fault('internal', 'node_file_unreadable', `${path} cannot be read.`, { cause })
  })
  if (text === null) return createNodeFile(path)
  await chmod(path, ONLY_OWNER)
  const file = NodeFile.safeParse(tryJson(text))
  if (file.success) return file.data
  throw new Fault('internal', 'node_file_broken', `${path} does not hold a node's key; remove it to enrol again.`)
}

/** Replaces the file, durably. */
export async function saveNodeFile(path: string, file: NodeFile): Promise<void> {
  await replaceFile(path, `${JSON.stringify(file)}\n`)
}

async function createNodeFile(path: string): Promise<NodeFile> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true })
  const file = NodeFile.parse({ key: await exportJWK(privateKey), enrolled: null })
  await saveNodeFile(path, file)
  return file
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
