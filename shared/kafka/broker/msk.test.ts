import { describe, expect, test } from 'vitest'
import { mskBrokers, mskSasl, parseBrokers, RENEW_BEFORE_MS } from './msk.ts'

const TOKEN_LIFE_MS = 900_000

/** A signer that numbers its tokens, under a clock that the test moves. */
function signer() {
  let now = Date.parse('2026-01-01T00:00:00Z')
  let signed = 0
  let broken = false
  const sasl = mskSasl(
    async () => {
      signed++
      if (broken) throw new Error('no credentials')
      return { token: `token-${signed}`, expiryTime: now + TOKEN_LIFE_MS }
    },
    () => new Date(now),
  )
  const token = async () => (typeof sasl.token === 'function' ? sasl.token() : sasl.token)
  return {
    token,
    pass: (ms: number) => {
      now += ms
    },
    break: (is: boolean) => {
      broken = is
    },
    signed: () => signed,
  }
}

describe('the IAM token', () => {
  test('is signed once while it is fresh, for callers at the same time too', async () => {
    const iam = signer()
    expect(await Promise.all([iam.token(), iam.token()])).toEqual(['token-1', 'token-1'])
    iam.pass(TOKEN_LIFE_MS - RENEW_BEFORE_MS - 1)
    expect(await iam.token()).toBe('token-1')
  })

  test('is renewed before it ends, by one of all callers', async () => {
    const iam = signer()
    await iam.token()
    iam.pass(TOKEN_LIFE_MS - RENEW_BEFORE_MS)
    expect(await Promise.all([iam.token(), iam.token(), iam.token()])).toEqual(['token-2', 'token-2', 'token-2'])
    expect(iam.signed()).toBe(2)
  })

  test('is signed again after a failure to sign', async () => {
    const iam = signer()
    iam.break(true)
    await expect(iam.token()).rejects.toThrow('no credentials')
    iam.break(false)
    expect(await iam.token()).toBe('token-2')
  })
})

describe('the brokers', () => {
  test('are those that speak IAM', async () => {
    const asked: unknown[] = []
    const client = {
      send: async (command: { input: unknown }) => {
        asked.push(command.input)
        return { BootstrapBrokerString: 'plain:9092', BootstrapBrokerStringSaslIam: 'b-1.msk:9098,b-2.msk:9098' }
      },
    }
    expect(await mskBrokers(client, 'arn:aws:kafka:eu-west-1:1:cluster/c/1')).toEqual(['b-1.msk:9098', 'b-2.msk:9098'])
    expect(asked).toEqual([{ ClusterArn: 'arn:aws:kafka:eu-west-1:1:cluster/c/1' }])
  })

  test('are read with spaces and empty parts', () => {
    expect(parseBrokers(' 127.0.0.1:9092, kafka-2.internal:9093,')).toEqual(['127.0.0.1:9092', 'kafka-2.internal:9093'])
  })

  test.each([undefined, '', ' , ', 'kafka', 'kafka:', 'kafka:0', 'kafka:70000', 'http://kafka:9092'])(
    'are refused when they read %j',
    (text) => {
      expect(() => parseBrokers(text)).toThrow(expect.objectContaining({ reason: 'event_log_misconfigured' }))
    },
  )
})
