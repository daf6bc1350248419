/// <reference path="./.sst/platform/config.d.ts" />

export default $config({
  async app({ stage }) {
    const { readTiers } = await import('./stacks/tiers.ts')
    const { central } = readTiers(process.env)
    return {
      name: 'frameworks',
      home: 'aws',
      removal: stage === 'prod' ? 'retain' : 'remove',
      protect: stage === 'prod',
      providers: { aws: { version: '7.20.0', region: central }, cloudflare: '6.15.0' },
    }
  },
  async run() {
    const { regional } = await import('./stacks/regional.ts')
    const { api } = await import('./stacks/api.ts')
    await import('./stacks/alarms.ts')
    await import('./stacks/dashboard.ts')
    const { foghorn, signalman } = await import('./stacks/edge.ts')
    const regions = regional.map(({ place }) => place.region)
    return { api: api.url, foghorn: foghorn.url, signalman: signalman.url, regions }
  },
})
