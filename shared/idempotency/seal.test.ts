import { expect, test } from 'vitest'
import { seal, unseal } from './seal.ts'

test('a sealed text opens with its secret alone, and looks different each time', async () => {
  const text = `{"stream_key":"sk_é","long":"${'x'.repeat(100_000)}"}`
  const sealed = await seal(text, 'secret')
  expect(await unseal(sealed, 'secret')).toBe(text)
  expect(await seal(text, 'secret')).not.toBe(sealed)
  await expect(unseal(sealed, 'Secret')).rejects.toThrow()
})

test('a sealed text that was changed does not open', async () => {
  const sealed = await seal('text', 'secret')
  const changed = `${sealed[0] === 'A' ? 'B' : 'A'}${sealed.slice(1)}`
  await expect(unseal(changed, 'secret')).rejects.toThrow()
})
