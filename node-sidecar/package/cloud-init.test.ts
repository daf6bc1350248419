import { execFile } from 'node:child_process'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { freshFolder } from '../testing/folder.ts'

const SCRIPT = new URL('cloud-init.sh', import.meta.url).pathname
const SERVICE = new URL('helmsman.service', import.meta.url)

/** Programs that write down how they were called, in place of those that would change this machine. */
async function openMachine() {
  const folder = await freshFolder()
  const [bin, log] = [join(folder, 'bin'), join(folder, 'calls')]
  const packaged = join(folder, 'lib/frameworks-helmsman')
  for (const path of [bin, packaged, join(folder, 'systemd')]) await mkdir(path, { recursive: true })
  await writeFile(join(packaged, 'helmsman.service'), await readFile(SERVICE))
  const programs: Record<string, string> = {
    npm: `[ "$1" = root ] && echo ${join(folder, 'lib')} && exit 0`,
    helmsman: '[ "$ENROLMENT_TOKEN" = en_refused ] && exit 1',
    useradd: '',
    systemctl: '',
    id: 'exit 1',
  }
  for (const [name, body] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/bash\necho "${name} $*" >> ${log}\n${body}\nexit 0\n`)
    await chmod(join(bin, name), 0o755)
  }
  const run = (env: Record<string, string>) =>
    promisify(execFile)('/bin/bash', [SCRIPT], {
      env: { PATH: `${bin}:/usr/bin:/bin`, SYSTEMD_FOLDER: join(folder, 'systemd'), ...env },
    })
  const calls = async () => (await readFile(log, 'utf8')).trimEnd().split('\n')
  return { folder, run, calls }
}

const given = {
  DOMAIN: 'tv.example',
  ENROLMENT_TOKEN: 'en_secret',
  NODE_ADDRESS: 'https://edge7.tv.example',
  HELMSMAN_PACKAGE: 'https://downloads.tv.example/helmsman.tgz',
}

test('a new host installs Helmsman, enrols by options that it knows, and starts its unit', async () => {
  const { folder, run, calls } = await openMachine()
  await run(given)
  expect(await calls()).toEqual([
    'npm install --global https://downloads.tv.example/helmsman.tgz',
    'helmsman enrol --domain tv.example --address https://edge7.tv.example',
    'id helmsman',
    'useradd --system helmsman',
    'npm root --global',
    'systemctl daemon-reload',
    'systemctl enable --now helmsman',
  ])
  expect(await readFile(join(folder, 'systemd/helmsman.service'), 'utf8')).toBe(await readFile(SERVICE, 'utf8'))
  const usage = await readFile(new URL('../main.ts', import.meta.url), 'utf8')
  for (const option of ['--domain', '--region', '--address', 'ENROLMENT_TOKEN']) expect(usage).toContain(option)
})

test('a host far from the central region enrols with its own', async () => {
  const { run, calls } = await openMachine()
  await run({ ...given, REGION: 'us-east-1' })
  expect(await calls()).toContain(
    'helmsman enrol --domain tv.example --region us-east-1 --address https://edge7.tv.example',
  )
})

test('a host that is not let in starts nothing', async () => {
  const { run, calls } = await openMachine()
  await expect(run({ ...given, ENROLMENT_TOKEN: 'en_refused' })).rejects.toMatchObject({ code: 1 })
  expect((await calls()).filter((call) => call.startsWith('systemctl'))).toEqual([])
})
