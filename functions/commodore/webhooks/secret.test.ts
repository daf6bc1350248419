import { expect, test } from 'vitest'
import { newSecret, sign } from './secret.ts'

test('a delivery is signed as the example of Standard Webhooks is', () => {
  const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1614265330, body: '{"test": 2432232314}' }
  expect(sign(message, ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])).toEqual({
    'webhook-id': message.id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

test('each secret signs, the new one first', () => {
  const message = { id: 'msg_1', timestamp: 1, body: '{}' }
  const [old, fresh] = [newSecret(), newSecret()]
  const of = (...secrets: string[]) => sign(message, secrets)['webhook-signature']
  expect(of(fresh, old)).toBe(`${of(fresh)} ${of(old)}`)
  expect(of(fresh)).not.toBe(of(old))
})
