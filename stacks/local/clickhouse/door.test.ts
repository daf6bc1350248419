import { gzipSync, zstdCompressSync } from 'node:zlib'
import { ClickHouseError, createClient } from '@clickhouse/client-web'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { freshClickHouse } from '../../../shared/testing/clickhouse.ts'

const { url, user, password } = inject('clickhouse')
let database: string
let client: ReturnType<typeof createClient>

beforeAll(async () => {
  const fresh = await freshClickHouse()
  database = fresh.target.database
  client = createClient({ url, username: user, password, database })
  await client.command({ query: 'CREATE TABLE t (id UInt32, name String) ENGINE = MergeTree ORDER BY id' })
})

const basic = { Authorization: `Basic ${btoa(`${user}:${password}`)}` }

function call(options: Record<string, string>, init: RequestInit = {}): Promise<Response> {
  const search = new URLSearchParams({ database, ...options })
  return fetch(`${url}/?${search}`, { method: 'POST', ...init, headers: { ...basic, ...init.headers } })
}

async function rows<T>(query: string, query_params: Record<string, unknown> = {}): Promise<T[]> {
  const answer = await client.query({ query, query_params, format: 'JSONEachRow' })
  return answer.json<T>()
}

async function create(name: string, columns: string): Promise<void> {
  await client.command({ query: `CREATE TABLE ${name} (${columns}) ENGINE = MergeTree ORDER BY tuple()` })
}

describe('@clickhouse/client-web', () => {
  test('pings, inserts and reads in several formats', async () => {
    expect(await client.ping()).toEqual({ success: true })
    await create('formats', 'id UInt32, name String')
    await client.insert({ table: 'formats', values: [{ id: 1, name: 'a' }], format: 'JSONEachRow' })
    await client.insert({ table: 'formats', columns: ['name'], values: [['b']], format: 'JSONCompactEachRow' })
    const query = 'SELECT * FROM formats ORDER BY id'
    const json = await client.query({ query, format: 'JSON' })
    expect(await json.json()).toMatchObject({
      rows: 2,
      data: [
        { id: 0, name: 'b' },
        { id: 1, name: 'a' },
      ],
    })
    const csv = await client.query({ query, format: 'CSVWithNames' })
    expect(await csv.text()).toBe('"id","name"\n0,"b"\n1,"a"\n')
  })

  test('gets a ClickHouseError with code and type', async () => {
    const failure = client.query({ query: 'SELECT * FROM absent' })
    await expect(failure).rejects.toBeInstanceOf(ClickHouseError)
    await expect(failure).rejects.toMatchObject({ code: '60', type: 'UNKNOWN_TABLE' })
  })

  test('binds every kind of value', async () => {
    const nasty = '\'; DROP TABLE t; -- \\ \t\n`"{x:String}'
    const params = {
      s: nasty,
      n: null,
      a: ['x', "y'z"],
      m: { k: 1 },
      i: 2 ** 40,
      d: new Date(1_700_000_000_123),
      t: 't',
    }
    const sql = `SELECT {s:String} AS s, {n:Nullable(String)} AS n, {a:Array(String)} AS a, {m:Map(String, UInt8)} AS m,
      {i:Int64} = 1099511627776 AS i, toUnixTimestamp64Milli({d:DateTime64(3)}) = 1700000000123 AS d, (SELECT count() FROM {t:Identifier}) AS t`
    expect(await rows(sql, params)).toEqual([{ s: nasty, n: null, a: ['x', "y'z"], m: { k: 1 }, i: 1, d: 1, t: 0 }])
  })

  test('sends long values as a form', async () => {
    const query = 'SELECT length({s:String}) AS n'
    const answer = await client.query({
      query,
      query_params: { s: 'ü'.repeat(100_000) },
      use_multipart_params: true,
      format: 'JSONEachRow',
    })
    expect(await answer.json()).toEqual([{ n: 200_000 }])
  })

  test('reads a result that arrives in many pieces, compressed', async () => {
    const squeezing = createClient({ url, username: user, password, compression: { response: true } })
    const query = "SELECT number AS n, repeat('x', 100) AS x FROM numbers(200000)"
    const answer = await squeezing.query({ query, format: 'JSONEachRow' })
    expect(answer.response_headers['content-encoding']).toBe('gzip')
    const read = await answer.json<{ n: number }>()
    expect(read).toHaveLength(200_000)
  })
})

describe('an INSERT', () => {
  test('takes rows from a compressed body and says how many were written', async () => {
    await create('compressed', 'id UInt32')
    const query = 'INSERT INTO compressed FORMAT JSONEachRow'
    for (const [encoding, compress] of [
      ['gzip', gzipSync],
      ['zstd', zstdCompressSync],
    ] as const) {
      const body = new Uint8Array(compress('{"id":1}\n{"id":2}\n'))
      const answer = await call({ query }, { body, headers: { 'Content-Encoding': encoding } })
      expect(answer.status).toBe(200)
      expect(JSON.parse(answer.headers.get('X-ClickHouse-Summary') ?? '')).toMatchObject({ written_rows: '2' })
    }
    expect(await rows('SELECT count() AS n FROM compressed')).toEqual([{ n: 4 }])
  })

  test('refuses a body that is not what its encoding says', async () => {
    const query = 'INSERT INTO t FORMAT JSONEachRow'
    const answer = await call({ query }, { body: '{"id":1}', headers: { 'Content-Encoding': 'gzip' } })
    expect(answer.headers.get('X-ClickHouse-Exception-Code')).toBe('354')
    const unknown = await call({ query }, { body: 'x', headers: { 'Content-Encoding': 'lzma' } })
    expect(unknown.status).toBe(501)
  })

  test('takes bytes that are not UTF-8', async () => {
    await create('bytes', 'b String')
    const body = new Uint8Array([2, 0xff, 0x00])
    await call({ query: 'INSERT INTO bytes FORMAT RowBinary' }, { body })
    expect(await rows('SELECT hex(b) AS b FROM bytes')).toEqual([{ b: 'FF00' }])
  })

  test('takes VALUES with expressions and parameters, and rows in the text of the query', async () => {
    await create('inline', 'id UInt32, name String')
    await client.command({
      query: "INSERT INTO inline VALUES (1 + 1, 'a;b'), ({n:UInt32}, 'c');",
      query_params: { n: 7 },
    })
    await call({}, { body: "INSERT INTO inline FORMAT CSV\n9,it's; fine\n" })
    expect(await rows('SELECT * FROM inline ORDER BY id')).toEqual([
      { id: 2, name: 'a;b' },
      { id: 7, name: 'c' },
      { id: 9, name: "it's; fine" },
    ])
  })

  test('never runs its rows as SQL', async () => {
    for (const query of [
      'INSERT INTO t (id) VALUES',
      'INSERT INTO t (id) FORMAT JSONEachRow',
      'INSERT INTO t (id) FORMAT CSV',
    ]) {
      await call({ query }, { body: '(1); CREATE TABLE injected (a UInt8) ENGINE = Memory' })
    }
    expect(await rows("SHOW TABLES LIKE 'injected'")).toEqual([])
  })
})

describe('an exception', () => {
  test.each([
    ['SELEKT 1', 400, '62', 'SYNTAX_ERROR'],
    ['1 + 1', 400, '62', 'SYNTAX_ERROR'],
    ['SELECT 1; SELECT 2', 400, '62', 'SYNTAX_ERROR'],
    ['', 400, '62', 'SYNTAX_ERROR'],
    ['SELECT * FROM absent', 404, '60', 'UNKNOWN_TABLE'],
    ['SELECT absent FROM t', 404, '47', 'UNKNOWN_IDENTIFIER'],
    ["SELECT toUInt8('x')", 400, '6', 'CANNOT_PARSE_TEXT'],
    ['SELECT {x:String}', 500, '456', 'UNKNOWN_QUERY_PARAMETER'],
    ['SELECT throwIf(number = 150000) FROM numbers(200000)', 500, '395', 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO'],
  ])('of "%s" has ClickHouse’s status, code and text', async (query, status, code, name) => {
    const answer = await call({}, { body: query })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('X-ClickHouse-Exception-Code')).toBe(code)
    const text = await answer.text()
    expect(text).toMatch(new RegExp(`^Code: ${code}\\. DB::Exception: [^]*\\(${name}\\) \\(version [\\d.]+\\)\\n$`))
  })

  test('comes for an unknown setting, a bad name and what the engine does not offer', async () => {
    expect((await call({ query: 'SELECT 1', no_such_setting: '1' })).status).toBe(404)
    expect((await call({ query: 'SELECT 1', 'a=1; DROP TABLE t; SET b': '1' })).status).toBe(400)
    const session = await call({ query: 'SELECT 1', session_id: 's' })
    expect(session.status).toBe(501)
    expect(await session.text()).toContain("does not offer 'session_id'")
  })

  test('ends a query at the time it was given', async () => {
    const query = 'SELECT max(sipHash64(number)) FROM numbers(100000000000)'
    const answer = await call({ query, max_execution_time: '0.5' })
    expect(answer.status).toBe(408)
  })

  test('refuses a query text past its limit', async () => {
    const answer = await call({}, { body: `SELECT '${'x'.repeat(9 * 1024 * 1024)}'` }).catch(() => undefined)
    // The refusal may close the connection before all of it is sent.
    if (answer) expect(answer.status).toBe(413)
    expect(await client.ping()).toEqual({ success: true })
  })
})

describe('one query', () => {
  test('leaves no setting, parameter or database behind for the next', async () => {
    const setting = { query: "SELECT getSetting('max_block_size')" }
    const before = await (await call(setting)).text()
    const changed = await call({ ...setting, max_block_size: '123', param_x: 'left', database: 'system' })
    expect(await changed.text()).toBe('123\n')
    await call({ query: 'SET max_block_size = 321' })
    await call({ query: 'USE system' })
    const after = await Promise.all(Array.from({ length: 20 }, async () => (await call(setting)).text()))
    expect(new Set(after)).toEqual(new Set([before]))
    expect((await call({ query: 'SELECT {x:String}' })).status).toBe(500)
    expect(await (await call({ query: 'SELECT currentDatabase()' })).text()).toBe(`${database}\n`)
  })

  test('keeps its own parameters while others run beside it', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => rows<{ n: number }>('SELECT {n:UInt32} AS n', { n })),
    )
    expect(answers.flat().map(({ n }) => n)).toEqual(Array.from({ length: 100 }, (_, n) => n))
  })

  test('does not hold up the others or the ping while it is busy', async () => {
    const busy = call({
      query: 'SELECT (SELECT max(sipHash64(number)) FROM numbers(100000000000))',
      max_execution_time: '2',
    })
    const order: string[] = []
    const quick = fetch(`${url}/ping`).then(() => order.push('ping'))
    const small = rows('SELECT 1').then(() => order.push('small'))
    await Promise.all([busy.then(() => order.push('busy')), quick, small])
    expect(order.at(-1)).toBe('busy')
  })

  test('may not write over GET', async () => {
    const read = await fetch(`${url}/?query=SELECT%201`, { headers: basic })
    expect(await read.text()).toBe('1\n')
    const write = await fetch(`${url}/?query=CREATE%20DATABASE%20by_get`, { headers: basic })
    expect(await write.text()).toContain('(READONLY)')
  })

  test('answers with its id, format and a summary', async () => {
    const answer = await call({ query: 'SELECT 1', query_id: 'mine', default_format: 'JSONEachRow' })
    expect(answer.headers.get('X-ClickHouse-Query-Id')).toBe('mine')
    expect(answer.headers.get('X-ClickHouse-Format')).toBe('JSONEachRow')
    expect(JSON.parse(answer.headers.get('X-ClickHouse-Summary') ?? '')).toMatchObject({ result_rows: '1' })
    expect(await answer.text()).toBe('{"1":1}\n')
  })

  test('gets a compressed answer only when it asks for one', async () => {
    const headers = { 'Accept-Encoding': 'gzip' }
    expect((await call({ query: 'SELECT 1' }, { headers })).headers.get('Content-Encoding')).toBeNull()
    const answer = await call({ query: 'SELECT 1', enable_http_compression: '1' }, { headers })
    expect(answer.headers.get('Content-Encoding')).toBe('gzip')
    expect(await answer.text()).toBe('1\n')
  })
})

describe('a caller', () => {
  const select = `${url}/?query=SELECT%201`

  test('is let in by Basic, by headers and by URL parameters', async () => {
    const headers = { 'X-ClickHouse-User': user, 'X-ClickHouse-Key': password }
    expect((await fetch(select, { headers })).status).toBe(200)
    expect((await fetch(`${select}&user=${user}&password=${password}`)).status).toBe(200)
  })

  test.each([
    ['no password', {}],
    ['a wrong password', { Authorization: `Basic ${btoa(`${user}:wrong`)}` }],
    ['a wrong name', { Authorization: `Basic ${btoa(`someone:${password}`)}` }],
    ['nonsense', { Authorization: 'Basic !!' }],
    ['a token', { Authorization: 'Bearer x' }],
  ])('with %s is refused as ClickHouse does', async (_, headers) => {
    const answer = await fetch(select, { headers })
    expect(answer.status).toBe(403)
    expect(answer.headers.get('X-ClickHouse-Exception-Code')).toBe('516')
    expect(await answer.text()).toMatch(/Authentication failed.*\(AUTHENTICATION_FAILED\)/)
  })

  test('needs none to ping', async () => {
    const answer = await fetch(`${url}/ping`)
    expect(await answer.text()).toBe('Ok.\n')
    expect((await fetch(`${url}/elsewhere`)).status).toBe(404)
  })
})
