import { describe, expect, test } from 'vitest'
import { quoteName, quoteText, splitStatements } from './statements.ts'

describe('splitStatements', () => {
  test('cuts at semicolons and drops empty statements', () => {
    expect(splitStatements('SELECT 1;\n;SELECT 2 ; ')).toEqual(['SELECT 1', 'SELECT 2'])
  })

  test('leaves semicolons in quotes alone', () => {
    const statements = [`SELECT ';', 'it''s; \\'; ok'`, 'SELECT `a;b`, "c;""d"', 'SELECT $end$ ; $x$ ; $end$']
    expect(splitStatements(statements.join(';'))).toEqual(statements)
  })

  test('leaves semicolons in comments alone and drops comments around statements', () => {
    expect(splitStatements('-- one; two\nSELECT 1 -- three;\n + 1; /* ; */ # four;\n#! five;\n')).toEqual([
      'SELECT 1 -- three;\n + 1',
    ])
  })

  test('ends at the end of the text when a quote or comment is never closed', () => {
    expect(splitStatements("SELECT 'open; still")).toEqual(["SELECT 'open; still"])
    expect(splitStatements('SELECT 1 /* open; still')).toEqual(['SELECT 1'])
  })

  test('reads a text of a megabyte in one pass', () => {
    const text = `SELECT '${'x;'.repeat(500_000)}'`
    expect(splitStatements(`${text};SELECT 2`)).toEqual([text, 'SELECT 2'])
  })
})

test('a quoted text or name stays one token whatever it holds', () => {
  const nasty = "a'b\\'; DROP TABLE t; `c"
  expect(splitStatements(`SELECT ${quoteText(nasty)} AS ${quoteName(nasty)}`)).toHaveLength(1)
})
