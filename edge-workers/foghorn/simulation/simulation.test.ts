import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { compare, pictureFile } from './compare.ts'

const { foghorn, mistUtilLoad, picture } = compare()

test('a flash crowd takes no host over its limit while another has room, and nobody is refused', () => {
  expect(foghorn.peak).toBeLessThan(1)
  expect(Math.max(...foghorn.load.flat())).toBeLessThan(1)
  expect(foghorn.overloaded_viewer_s).toBe(0)
  expect(foghorn.refused).toBe(0)
})

test('charges that fade before the statistics catch up take hosts over their limits', () => {
  expect(mistUtilLoad.peak).toBeGreaterThan(1)
  expect(mistUtilLoad.overloaded_viewer_s).toBeGreaterThan(0)
})

test('the picture in docs is what the simulation draws (npm run generate)', async () => {
  expect(await readFile(pictureFile, 'utf8')).toBe(picture)
})
