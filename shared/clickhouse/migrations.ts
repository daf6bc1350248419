import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { splitStatements } from './statements.ts'
import { readTokens } from './tokens.ts'

export interface Migration {
  number: number
  name: string
  /** SHA-256 of the file, in hexadecimal. */
  checksum: string
  statements: string[]
}

/** The `NNN_name.sql` files of a folder in order. Throws for a gap in the numbers and for DDL that cannot run twice. */
export async function readMigrations(folder: URL): Promise<Migration[]> {
  const base = folder.href.endsWith('/') ? folder : new URL(`${folder.href}/`)
  const names = (await readdir(base)).filter((name) => name.endsWith('.sql')).sort()
  return Promise.all(names.map((name, index) => readMigration(new URL(name, base), name, index + 1)))
}

async function readMigration(file: URL, name: string, number: number): Promise<Migration> {
  if (!new RegExp(`^${String(number).padStart(3, '0')}_`).test(name)) {
    throw new Error(`${name}: migrations are numbered 001, 002, … without gaps`)
  }
  const text = await readFile(file, 'utf8')
  const statements = splitStatements(text)
  const once = statements.find((statement) => !isRepeatable(statement))
  if (once !== undefined) throw new Error(`${name}: not safe to run twice, say IF [NOT] EXISTS: ${firstLine(once)}`)
  return { number, name, checksum: createHash('sha256').update(text).digest('hex'), statements }
}

const DDL =
  /^(CREATE|DROP|ATTACH|DETACH|RENAME|EXCHANGE)\b|^ALTER .*\b(ADD|DROP|CLEAR|RENAME) (COLUMN|INDEX|PROJECTION|CONSTRAINT|STATISTICS)\b/
const GUARDED = /\bIF (NOT )?EXISTS\b|^CREATE OR REPLACE\b/

/** ClickHouse has no transaction around DDL: a file that failed half-way is run again from its beginning. */
function isRepeatable(statement: string): boolean {
  const words = [...readTokens(statement)].filter(({ kind }) => kind !== 'quoted')
  const text = words.map((token) => token.text.toUpperCase()).join(' ')
  return !DDL.test(text) || GUARDED.test(text)
}

function firstLine(statement: string): string {
  return statement.split('\n', 1).join('')
}
