import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findFormFault, HEADERS_KEPT_MAX, isCanonical, SIGNATURE_CHARS } from './compact.ts'

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

test('a header is judged the same whether it is new, known or forgotten', () => {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signature = 'A'.repeat(SIGNATURE_CHARS)
  const faultOf = (header: unknown, payload: string) => findFormFault(`${encode(header)}.${payload}.${signature}`)
  const numbers = Array.from({ length: 2 * HEADERS_KEPT_MAX }, (_, number) => number)
  for (const kid of [...numbers, ...numbers].flatMap((number) => [`${number}`, `${number}`])) {
    expect(faultOf({ alg: 'ES256', kid }, encode({}))).toBeUndefined()
    expect(faultOf({ alg: 'ES256', kid }, encode({}).slice(1))).toBe('malformed')
    expect(faultOf({ alg: 'ES256', kid }, 'AAAA')).toBe('invalid')
    expect(faultOf({ alg: 'ES256', kid, jku: 'https://evil.example' }, encode({}))).toBe('invalid')
  }
})
