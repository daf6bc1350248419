import { GetBootstrapBrokersCommand, type KafkaClient } from '@aws-sdk/client-kafka'
import type { SASLOptions } from '@platformatic/kafka'
import { type Clock, systemClock } from '../../clock.ts'
import { Fault } from '../../fault.ts'

/** A token is replaced this long before it ends, so that none ends between its hand-over and the broker's check. */
export const RENEW_BEFORE_MS = 120_000

/** A signed token and its end in Unix ms, as `generateAuthToken` of aws-msk-iam-sasl-signer-js answers it (it lives 900 s). */
export interface SignedToken {
  token: string
  expiryTime: number
}

/** SASL for MSK's IAM access control: signs a token when the last one is near its end; callers at the same time share one. */
export function mskSasl(sign: () => Promise<SignedToken>, clock: Clock = systemClock): SASLOptions {
  let current: Promise<SignedToken> | undefined

  async function token(): Promise<string> {
    current ??= sign()
    const last = current
    const signed = await last
    if (signed.expiryTime - clock().getTime() > RENEW_BEFORE_MS) return signed.token
    // Only the first caller to find it old signs anew.
    if (current === last) current = sign()
    return (await current).token
  }

  return {
    mechanism: 'OAUTHBEARER',
    token: () =>
      token().catch((error: unknown) => {
        current = undefined
        throw error
      }),
  }
}

/** The brokers of an MSK cluster that speak IAM over TLS, as `host:port`. */
export async function mskBrokers(client: Pick<KafkaClient, 'send'>, clusterArn: string): Promise<string[]> {
  const answer = await client.send(new GetBootstrapBrokersCommand({ ClusterArn: clusterArn }))
  return parseBrokers(answer.BootstrapBrokerStringSaslIam)
}

/** Reads `host:port,host:port`, as MSK and KAFKA_BROKERS write it. */
export function parseBrokers(text: string | undefined): string[] {
  const brokers = (text ?? '')
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '')
  if (brokers.length === 0) throw misconfigured('no broker is given')
  for (const broker of brokers) {
    const [, port = ''] = /^[\w.-]+:(\d{1,5})$/.exec(broker) ?? []
    if (Number(port) < 1 || Number(port) > 65_535) throw misconfigured(`"${broker}" is not host:port`)
  }
  return brokers
}

function misconfigured(why: string): Fault {
  return new Fault('internal', 'event_log_misconfigured', `Kafka brokers: ${why}`)
}
