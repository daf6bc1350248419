import { describe, expect, test } from 'vitest'
import { insertFrom, readInsert, readStatement, selectInto } from './statement.ts'

describe('readInsert', () => {
  test.each([
    ['INSERT INTO t FORMAT JSONEachRow', 'INSERT INTO t ', '', 'JSONEachRow', ''],
    ['insert into t (a, b) format CSV\n1,2\n', 'insert into t (a, b) ', '', 'CSV', '1,2\n'],
    ['INSERT INTO t VALUES (1), (2)', 'INSERT INTO t ', '', 'Values', '(1), (2)'],
    ['INSERT INTO t SETTINGS a=1, b=2 FORMAT TSV', 'INSERT INTO t ', 'SETTINGS a=1, b=2 ', 'TSV', ''],
    ['INSERT INTO TABLE `d`.`my t` FORMAT TSV\n\n1', 'INSERT INTO TABLE `d`.`my t` ', '', 'TSV', '\n1'],
    ['/* a */ INSERT INTO format FORMAT TSV', '/* a */ INSERT INTO format ', '', 'TSV', ''],
    ["INSERT INTO t FORMAT CSV\nit's; 'loose", 'INSERT INTO t ', '', 'CSV', "it's; 'loose"],
  ])('cuts %s where its rows begin', (text, head, settings, format, rows) => {
    expect(readInsert(text)).toEqual({ head, settings, format, rows })
  })

  test.each([
    '',
    'SELECT 1 FORMAT JSON',
    'INSERT INTO t SELECT * FROM u FORMAT JSON',
    'INSERT INTO t WITH 1 AS x SELECT x',
    "INSERT INTO t FROM INFILE 'x' FORMAT TSV",
    'INSERT INTO t',
  ])('leaves %s as it is', (text) => {
    expect(readInsert(text)).toBeUndefined()
  })

  test('puts the file before the settings, as the grammar wants it', () => {
    const insert = { head: 'INSERT INTO t', settings: 'SETTINGS a=1', format: 'TSV', rows: '' }
    expect(insertFrom(insert, "/x/it's")).toBe(
      "INSERT INTO t FROM INFILE '/x/it\\'s' COMPRESSION 'none' SETTINGS a=1 FORMAT TSV",
    )
  })
})

describe('readStatement', () => {
  const into = (text: string) => selectInto(readStatement(text), '/o', 'TSV').replace(/\s+/g, ' ').trim()

  test.each([
    ['SELECT 1', "SELECT 1 INTO OUTFILE '/o' FORMAT TSV"],
    ['SELECT 1 FORMAT JSON;', "SELECT 1 INTO OUTFILE '/o' FORMAT JSON"],
    ['SELECT 1 FORMAT JSON SETTINGS a=1', "SELECT 1 INTO OUTFILE '/o' FORMAT JSON SETTINGS a=1"],
    ['SELECT 1 SETTINGS a=1 FORMAT JSON', "SELECT 1 SETTINGS a=1 INTO OUTFILE '/o' FORMAT JSON"],
    ['SELECT format FROM t', "SELECT format FROM t INTO OUTFILE '/o' FORMAT TSV"],
    ['SELECT a AS format', "SELECT a AS format INTO OUTFILE '/o' FORMAT TSV"],
    ["SELECT '; FORMAT X' -- ; FORMAT Y", "SELECT '; FORMAT X' INTO OUTFILE '/o' FORMAT TSV"],
  ])('sends the result of %s to a file', (text, expected) => {
    expect(into(text)).toBe(expected)
  })

  test.each(['SHOW TABLES', 'CREATE TABLE t AS SELECT 1', "SELECT 1 INTO OUTFILE '/x'"])('runs %s as it is', (text) => {
    expect(readStatement(text).outfileAt).toBeUndefined()
  })

  test('refuses none and several', () => {
    expect(() => readStatement(' -- nothing\n')).toThrow('Code: 62. DB::Exception: Syntax error: Empty query')
    expect(() => readStatement('SELECT 1; DROP TABLE t')).toThrow('Multi-statements are not allowed')
  })
})
