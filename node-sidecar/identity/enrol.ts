import type { z } from 'zod'
import { type Client, call } from '../../shared/client/client.ts'
import { type EnrolNodeRequest, enrolNode } from '../../shared/contract/quartermaster.ts'
import { Fault } from '../../shared/fault.ts'
import type { Log } from '../../shared/log.ts'
import { loadNodeFile, type NodeFile, saveNodeFile } from './node-file.ts'

type Request = z.input<typeof EnrolNodeRequest>

interface EnrolOptions {
  quartermaster: Client
  /** Where the node's key and id are kept. */
  path: string
  /** The one-time token; needed the first time only. */
  token: string | undefined
  node: Pick<Request, 'name' | 'address' | 'location'>
  log: Log
}

export interface NodeIdentity {
  node_id: string
  cluster_id: string
  key: NodeFile['key']
}

/**
 * Who this host is: from its file, or by enrolling it. Asking again is safe, the same token and key get the same
 * answer. Throws `forbidden` when the token is refused and `unavailable` when Quartermaster does not answer.
 */
export async function enrol({ quartermaster, path, token, node, log }: EnrolOptions): Promise<NodeIdentity> {
  const file = await loadNodeFile(path)
  if (file.enrolled !== null) return { ...file.enrolled, key: file.key }
  if (token === undefined) {
    throw new Fault('invalid', 'enrolment_token_missing', 'This host is not enrolled: give it an enrolment token.')
  }
  const { d: _, ...public_jwk } = file.key
  const enrolled = await call(quartermaster, enrolNode, { token, public_jwk, ...node })
  await saveNodeFile(path, { key: file.key, enrolled })
  log.info('enrolled', { ...enrolled })
  return { ...enrolled, key: file.key }
}
