// The program that `sst deploy` runs, under Pulumi's own mocks and with SST's own components. Bundled and started by evaluate.ts.
import * as aws from '@pulumi/aws'
import * as cloudflare from '@pulumi/cloudflare'
import { runtime } from '@pulumi/pulumi'
import { run } from '../../.sst/platform/src/auto/run.ts'
import * as sst from '../../.sst/platform/src/components/index.ts'

const ACCOUNT = '123456789012'
const zonesOf = (region: string) => ['a', 'b', 'c'].map((zone) => `${region}${zone}`)

const { default: config } = await import('../../sst.config.ts')
const app = await config.app({ stage: $app.stage })
const resources: { type: string; name: string; inputs: object; region: string }[] = []
Object.assign(globalThis, { aws, cloudflare, sst })

/** What a cloud adds of its own to what it is asked for. */
const givenBy: Record<string, object> = {
  'aws:acm/certificate:Certificate': {
    domainValidationOptions: [{ resourceRecordType: 'CNAME', resourceRecordName: 'a', resourceRecordValue: 'b' }],
  },
  'aws:apigatewayv2/domainName:DomainName': {
    domainNameConfiguration: { targetDomainName: 'x.example', hostedZoneId: 'Z' },
  },
  'aws:sesv2/emailIdentity:EmailIdentity': { dkimSigningAttributes: { tokens: ['a', 'b', 'c'] } },
  'pulumi-nodejs:dynamic:Resource': { zoneId: 'zone', zoneName: 'video.example' },
}

/** What a cloud answers when it is asked for what there is. */
const answers: Record<string, (inputs: Record<string, unknown>, region: string) => object> = {
  'aws:index/getAvailabilityZones:getAvailabilityZones': (_, region) => ({
    names: zonesOf(region),
    zoneIds: zonesOf(region),
  }),
  'aws:index/getRegion:getRegion': (_, region) => ({ name: region, region, id: region }),
  'aws:index/getCallerIdentity:getCallerIdentity': () => ({ accountId: ACCOUNT }),
  'aws:index/getPartition:getPartition': () => ({ partition: 'aws', dnsSuffix: 'amazonaws.com' }),
  'aws:iam/getPolicyDocument:getPolicyDocument': ({ statements }) => ({
    json: JSON.stringify({ Statement: statements }),
  }),
  'aws:ec2/getAmi:getAmi': () => ({ id: 'ami-1' }),
}

/** By name of the provider, which is the default one for what names none. */
const regions = new Map<string, string>()

/** Where a resource is made, by what Pulumi calls its provider: `urn:pulumi:stage::project::type::name::id`. */
function regionOf(provider: string | undefined): string {
  const name = provider?.split('::').at(-2) ?? ''
  return regions.get(name) ?? String($app.providers?.aws?.region)
}

/** By which Pulumi marks a value as secret on its way. */
const SEAL = '4dabf18193072939515e22adb298388d'

function unsealed(inputs: object): object {
  return JSON.parse(JSON.stringify(inputs), (_, value) => (value?.[SEAL] === undefined ? value : value.value))
}

await runtime.setMocks(
  {
    newResource: ({ type, name, inputs, provider }) => {
      const region = regionOf(provider)
      if (type === 'pulumi:providers:aws') regions.set(name, inputs.region)
      resources.push({ type, name, inputs: unsealed(inputs), region })
      const arn = `arn:aws:${type.split(/[:/]/)[1]}:${region}:${ACCOUNT}:${name}`
      return { id: `${name}-id`, state: { ...inputs, arn, name: inputs.name ?? name, ...givenBy[type] } }
    },
    call: ({ token, inputs, provider }) => {
      const answer = answers[token]
      if (answer === undefined) throw new Error(`nobody answers ${token}`)
      return { ...inputs, ...answer(inputs, regionOf(provider)) }
    },
  },
  'frameworks',
  $app.stage,
  false,
)
/** What holds resources when they are to go, by type and name. */
const held = new Map<string, { protect: boolean; retain: boolean }>()

const outputs = await runtime.runInPulumiStack(() =>
  run(() => {
    // After SST's own, so that what those change is seen.
    runtime.registerStackTransformation(({ type, name, opts }) => {
      held.set(`${type} ${name}`, { protect: opts.protect === true, retain: opts.retainOnDelete === true })
      return undefined
    })
    return config.run()
  }),
)
// Components go on making things of what was made before them.
await runtime.disconnect()
const told = resources.map((resource) => ({ ...resource, ...held.get(`${resource.type} ${resource.name}`) }))
process.send?.({ app, resources: told, outputs: Object.keys(outputs ?? {}) }, () => process.disconnect?.())
