import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isCanonical } from './compact.ts'

test('a part is canonical exactly when its bytes are written so', () => {
  const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
  const parts = fc.array(fc.constantFrom(...alphabet, '=', '+', '/', '\n'), { maxLength: 12 })
  fc.assert(
    fc.property(fc.oneof(parts, fc.array(fc.constantFrom(...alphabet), { maxLength: 12 })), (characters) => {
      const text = characters.join('')
      expect(isCanonical(text)).toBe(text !== '' && Buffer.from(text, 'base64url').toString('base64url') === text)
    }),
    { numRuns: 2_000 },
  )
})
