/** A piece of ClickHouse SQL that is neither space nor comment; `start` and `end` are offsets into the text. */
export interface Token {
  kind: 'word' | 'quoted' | 'symbol'
  text: string
  start: number
  end: number
  /** How many round or square brackets are open around it. */
  depth: number
}

const WORD = /[\p{L}\p{N}_]+/uy
const LINE_COMMENT = /--|#!|# /y
const HEREDOC = /\$\w*\$/y

/** Reads a text token by token, lazily: what follows may be rows and not SQL at all, so the caller says when to stop. */
export function* readTokens(text: string, from = 0): Generator<Token> {
  let at = from
  let depth = 0
  while (at < text.length) {
    const next = skip(text, at)
    if (next > at) {
      at = next
      continue
    }
    const token = readToken(text, at)
    if (isOneOf(token, ')]')) depth -= 1
    yield { ...token, depth }
    if (isOneOf(token, '([')) depth += 1
    at = token.end
  }
}

function isOneOf(token: Omit<Token, 'depth'>, symbols: string): boolean {
  return token.kind === 'symbol' && symbols.includes(token.text)
}

/** The offset after the space or comment at `at`; `at` itself when there is none. */
function skip(text: string, at: number): number {
  if (/\s/.test(text.charAt(at))) return at + 1
  if (text.startsWith('/*', at)) return after(text, '*/', at + 2)
  return match(LINE_COMMENT, text, at) ? after(text, '\n', at) : at
}

function readToken(text: string, start: number): Omit<Token, 'depth'> {
  const first = text.charAt(start)
  if (first === "'" || first === '"' || first === '`')
    return cut(text, 'quoted', start, endOfQuoted(text, start, first))
  const heredoc = match(HEREDOC, text, start)
  if (heredoc) return cut(text, 'quoted', start, after(text, heredoc, start + heredoc.length))
  const word = match(WORD, text, start)
  if (word) return cut(text, 'word', start, start + word.length)
  return cut(text, 'symbol', start, start + 1)
}

function cut(text: string, kind: Token['kind'], start: number, end: number): Omit<Token, 'depth'> {
  return { kind, text: text.slice(start, end), start, end }
}

/** A doubled quote reads as two quoted tokens side by side, which ends at the same place. */
function endOfQuoted(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text.charAt(at)
    if (character === '\\') at += 1
    if (character === quote) return at + 1
  }
  return text.length
}

function after(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from)
  return found < 0 ? text.length : found + mark.length
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}
