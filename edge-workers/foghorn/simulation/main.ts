// Draws docs/flash-crowd.svg: node edge-workers/foghorn/simulation/main.ts
import { writeFile } from 'node:fs/promises'
import { compare, pictureFile } from './compare.ts'

await writeFile(pictureFile, compare().picture)
