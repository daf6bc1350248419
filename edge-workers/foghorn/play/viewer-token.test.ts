import { expect, test } from 'vitest'
import { takeToken } from './viewer-token.ts'

test.each([
  ['', undefined, ''],
  ['?a=b%20c', undefined, '?a=b%20c'],
  ['?token=aa.bb.cc', 'aa.bb.cc', '?tkn=aa.bb.cc'],
  ['?jwt=aa.bb.cc&a=b%20c', 'aa.bb.cc', '?a=b%20c&tkn=aa.bb.cc'],
  ['?tkn=aa.bb.cc', 'aa.bb.cc', '?tkn=aa.bb.cc'],
  ['?tkn=1&token=aa.bb.cc', 'aa.bb.cc', '?tkn=aa.bb.cc'],
  ['?token=&tkn=aa.bb.cc', 'aa.bb.cc', '?tkn=aa.bb.cc'],
  ['?token=aa.bb.cc&token=dd.ee.ff', 'aa.bb.cc', '?tkn=aa.bb.cc'],
  ['?token=t%20k', 't k', '?token=t%20k'],
  ['?tkn=123', '123', '?tkn=123'],
  ['?tokens=aa.bb.cc', undefined, '?tokens=aa.bb.cc'],
])('%s holds the token %s and leads on with %s', (search, token, rest) => {
  expect(takeToken(search)).toEqual({ token, search: rest })
})
