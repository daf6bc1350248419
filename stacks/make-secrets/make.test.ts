import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { KeySet, PrivateKey } from '../../shared/contract/identity.ts'
import { createSigner } from '../../shared/identity/signer.ts'
import { createVerifier } from '../../shared/identity/verifier.ts'
import { makeSecrets } from './make.ts'

/** Where the stores are. */
const ofTheOperator = [
  'CommodoreDatabaseUrl',
  'QuartermasterDatabaseUrl',
  'PeriscopeDatabaseUrl',
  'ClickHouseUrl',
  'ClickHousePassword',
]

test('every secret of the stack is made, but for those that only the operator knows', async () => {
  const text = await readFile(new URL('../secrets.ts', import.meta.url), 'utf8')
  const all = text.match(/(?<=sst\.Secret\(')\w+/g) ?? []
  expect([...Object.keys(await makeSecrets()), ...ofTheOperator].sort()).toEqual(all.sort())
})

test('what one key signs, the public halves verify', async () => {
  const { IdentityPublicKeys = '', ...secrets } = await makeSecrets()
  const keys = KeySet.parse(JSON.parse(IdentityPublicKeys))
  const clock = () => new Date()
  for (const [name, value] of Object.entries(secrets).filter(([secret]) => secret.endsWith('IdentityKey'))) {
    const signer = createSigner(PrivateKey.parse(JSON.parse(value)), clock)
    const token = await signer.sign({ kind: 'service', sub: signer.issuer }, 'decklog', 60)
    const actor = await createVerifier({ keys, service: 'decklog', clock })(token)
    expect(actor, name).toEqual({ kind: 'service', service: signer.issuer })
  }
})
