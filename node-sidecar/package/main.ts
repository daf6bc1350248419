import { resolve } from 'node:path'
import { packHelmsman } from './pack.ts'

const { program, gzip_bytes } = await packHelmsman(resolve(process.argv[2] ?? 'dist/helmsman'))
process.stdout.write(`${program}: ${Math.round(gzip_bytes / 1024)} KiB gzipped\n`)
