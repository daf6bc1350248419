import { expect, test } from 'vitest'
import { inName, logNumber, readTiers } from './tiers.ts'

test('the first region is the central one, and has hosts of its own', () => {
  expect(readTiers({ FRAMEWORKS_REGIONS: 'eu-west-1' })).toEqual({ central: 'eu-west-1', regions: ['eu-west-1'] })
  expect(readTiers({ FRAMEWORKS_REGIONS: 'us-east-1, eu-west-1' })).toEqual({
    central: 'us-east-1',
    regions: ['us-east-1', 'eu-west-1'],
  })
})

test.each([
  [undefined, 'Set FRAMEWORKS_REGIONS'],
  [' , ', 'Set FRAMEWORKS_REGIONS'],
  ['eu-west-1,us-east-1,eu-west-1', 'names eu-west-1 twice'],
  ['eu-west-1,mars-north-1', 'names mars-north-1, which is none of eu-west-1, '],
])('regions %j are refused', (FRAMEWORKS_REGIONS, why) => {
  expect(() => readTiers({ FRAMEWORKS_REGIONS })).toThrow(why)
})

test('a log’s number does not depend on which other regions there are', () => {
  expect([logNumber('eu-west-1'), logNumber('us-east-1')]).toEqual([0, 5])
})

test('a region is part of names', () => {
  expect(inName('ap-southeast-1')).toBe('ApSoutheast1')
})
