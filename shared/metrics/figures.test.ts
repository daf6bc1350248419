import { expect, test } from 'vitest'
import { toEmbedded } from './figures.ts'
import { runScheduled } from './scheduled.ts'

test('figures are a line that CloudWatch reads as metrics', () => {
  const line = toEmbedded(
    { service: 'commodore', stage: 'prod' },
    { OutboxOverdue: 12.5, HostsSilent: 0 },
    new Date(1_795_600_800_000),
  )
  expect(line.endsWith('}\n')).toBe(true)
  expect(JSON.parse(line)).toEqual({
    _aws: {
      Timestamp: 1_795_600_800_000,
      CloudWatchMetrics: [
        {
          Namespace: 'FrameWorks',
          Dimensions: [['service', 'stage']],
          Metrics: [
            { Name: 'OutboxOverdue', Unit: 'Seconds' },
            { Name: 'HostsSilent', Unit: 'Count' },
          ],
        },
      ],
    },
    service: 'commodore',
    stage: 'prod',
    OutboxOverdue: 12.5,
    HostsSilent: 0,
  })
})

test('figures are told also when a job failed', async () => {
  const lines: string[] = []
  const run = async () => {
    throw new Error('away')
  }
  const service = { jobs: { sweep: { every_seconds: 60, run } }, figures: async () => ({ OutboxOverdue: 700 }) }
  const running = runScheduled({ service: 'commodore', stage: 'prod' }, service, (line) => lines.push(line))
  await expect(running).rejects.toThrow('1 jobs failed')
  expect(lines).toEqual([expect.stringContaining('"OutboxOverdue":700')])
})
