import { quoteText, splitStatements } from '../../../shared/clickhouse/statements.ts'
import { readTokens, type Token } from '../../../shared/clickhouse/tokens.ts'
import { Exception } from './exception.ts'

/** An INSERT that brings its own rows, cut where they begin. */
export interface Insert {
  /** `INSERT INTO t (a, b)` */
  head: string
  /** `SETTINGS …` or empty */
  settings: string
  format: string
  /** Rows that already followed in the same text; more may come in the body. */
  rows: string
}

/** Reads an INSERT with VALUES or FORMAT; undefined for any other statement. */
export function readInsert(text: string): Insert | undefined {
  const tokens = readTokens(text)
  const first = tokens.next()
  if (first.done || !isWord(first.value, 'INSERT')) return undefined
  skipTarget(tokens)
  let settingsAt: number | undefined
  for (const token of tokens) {
    if (token.depth > 0) continue
    if (isWord(token, 'SELECT', 'WITH', 'FROM', 'WATCH')) return undefined
    if (isWord(token, 'SETTINGS')) settingsAt = token.start
    if (!isWord(token, 'VALUES', 'FORMAT')) continue
    const named = isWord(token, 'VALUES') ? { text: 'Values', end: token.end } : tokens.next().value
    if (named === undefined) return undefined
    return {
      head: text.slice(0, settingsAt ?? token.start),
      settings: settingsAt === undefined ? '' : text.slice(settingsAt, token.start),
      format: named.text,
      rows: text.slice(named.end).replace(/^[ \t]*\r?\n?/, ''),
    }
  }
  return undefined
}

/** A table may be called `format` or `values`: its name is stepped over before any keyword is looked for. */
function skipTarget(tokens: Iterator<Token>): void {
  let token = tokens.next().value
  while (token && isWord(token, 'INTO', 'TABLE', 'FUNCTION')) token = tokens.next().value
}

/** The INSERT with its rows in a file, which the engine reads as a stream and never as SQL. */
export function insertFrom(insert: Insert, path: string): string {
  return `${insert.head} FROM INFILE ${quoteText(path)} COMPRESSION 'none' ${insert.settings} FORMAT ${insert.format}`
}

export interface Statement {
  sql: string
  /** The format that it names itself. */
  format: string | undefined
  /** Where `INTO OUTFILE` fits in, when it is a query whose result can go to a file. */
  outfileAt: number | undefined
}

/** Reads one statement that brings no rows. Throws SYNTAX_ERROR for none and for several. */
export function readStatement(text: string): Statement {
  const [sql, second] = splitStatements(text)
  if (sql === undefined) throw new Exception('SYNTAX_ERROR', 'Syntax error: Empty query')
  if (second !== undefined) throw new Exception('SYNTAX_ERROR', 'Syntax error (Multi-statements are not allowed)')
  const tokens = [...readTokens(sql)]
  const [first] = tokens
  const clause = tokens.findIndex((token, index) => isFormatClause(tokens, token, index))
  const isQuery = first !== undefined && (isWord(first, 'SELECT', 'WITH') || first.text === '(')
  const toFile = tokens.some((token) => token.depth === 0 && isWord(token, 'OUTFILE'))
  return {
    sql,
    format: clause < 0 ? undefined : tokens[clause + 1]?.text,
    outfileAt: isQuery && !toFile ? (tokens[clause]?.start ?? sql.length) : undefined,
  }
}

/** `FORMAT x` at the end or before SETTINGS; a column of that name stands elsewhere. */
function isFormatClause(tokens: Token[], token: Token, index: number): boolean {
  if (token.depth > 0 || !isWord(token, 'FORMAT') || tokens[index + 1]?.kind !== 'word') return false
  const following = tokens[index + 2]
  return following === undefined || isWord(following, 'SETTINGS')
}

/** The query with its result in a file, in any format and at any size. */
export function selectInto({ sql, outfileAt, format }: Statement, path: string, defaultFormat: string): string {
  const clause = format === undefined ? ` FORMAT ${defaultFormat}` : ''
  return `${sql.slice(0, outfileAt)} INTO OUTFILE ${quoteText(path)}${clause} ${sql.slice(outfileAt)}`
}

function isWord(token: Token, ...words: string[]): boolean {
  return token.kind === 'word' && words.includes(token.text.toUpperCase())
}
