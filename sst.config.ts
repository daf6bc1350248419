/// <reference path="./.sst/platform/config.d.ts" />

export default $config({
  app: ({ stage }) => ({
    name: 'frameworks',
    home: 'aws',
    removal: stage === 'prod' ? 'retain' : 'remove',
    protect: stage === 'prod',
    providers: { aws: '7.20.0', cloudflare: '6.15.0' },
  }),
  async run() {
    await import('./stacks/kafka.ts')
    const { api } = await import('./stacks/api.ts')
    await import('./stacks/ingest.ts')
    await import('./stacks/alarms.ts')
    const { foghorn, signalman } = await import('./stacks/edge.ts')
    return { api: api.url, foghorn: foghorn.url, signalman: signalman.url }
  },
})
