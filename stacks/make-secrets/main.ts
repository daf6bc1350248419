import { makeSecrets } from './make.ts'

/** `npm run --silent make-secrets > FILE`: as `sst secret load FILE` takes them. They are shown here and nowhere else. */
for (const [name, value] of Object.entries(await makeSecrets())) process.stdout.write(`${name}='${value}'\n`)
