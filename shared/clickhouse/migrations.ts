import { type MigrationFile, readMigrationFiles } from '../migration-files.ts'
import { splitStatements } from './statements.ts'
import { readTokens } from './tokens.ts'

export interface Migration extends Omit<MigrationFile, 'text'> {
  statements: string[]
}

/** The migrations of a folder in order. Throws for a gap in the numbers and for DDL that cannot run twice. */
export async function readMigrations(folder: URL): Promise<Migration[]> {
  return (await readMigrationFiles(folder)).map(({ text, ...file }) => {
    const statements = splitStatements(text)
    const once = statements.find((statement) => !isRepeatable(statement))
    if (once === undefined) return { ...file, statements }
    throw new Error(`${file.name}: not safe to run twice, say IF [NOT] EXISTS: ${firstLine(once)}`)
  })
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
