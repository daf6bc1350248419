import { readTokens } from './tokens.ts'

/** The statements of a text, without their semicolons, surrounding space and comments; quoted semicolons do not count. */
export function splitStatements(text: string): string[] {
  const statements: string[] = []
  let start: number | undefined
  let end = 0
  for (const token of readTokens(text)) {
    if (token.kind === 'symbol' && token.text === ';') {
      if (start !== undefined) statements.push(text.slice(start, end))
      start = undefined
      continue
    }
    start ??= token.start
    end = token.end
  }
  if (start !== undefined) statements.push(text.slice(start, end))
  return statements
}

/** A text as a ClickHouse string literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

/** A name as a ClickHouse identifier. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
}
