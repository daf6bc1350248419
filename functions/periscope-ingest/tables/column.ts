import { z } from 'zod'

/** A column: what a row holds in it, and its ClickHouse type, which a test compares with the live table. */
function column<S extends z.ZodType>(schema: S, clickhouse: string): S {
  return schema.meta({ clickhouse })
}

export function clickhouseTypeOf(schema: z.ZodType): string {
  return String(schema.meta()?.clickhouse)
}

export const text = column(z.string(), 'String')
/** Text of few different values. */
export const word = column(z.string(), 'LowCardinality(String)')
export const uuid = column(z.string(), 'UUID')
export const uuidOrNull = column(z.string().nullable(), 'Nullable(UUID)')
/** RFC 3339 in UTC, to the millisecond. */
export const time = column(z.string(), "DateTime64(3, 'UTC')")
export const timeOrNull = column(z.string().nullable(), "Nullable(DateTime64(3, 'UTC'))")
export const whole = column(z.number(), 'UInt64')
export const wholeOrNull = column(z.number().nullable(), 'Nullable(UInt64)')
export const quantity = column(z.number(), 'Float64')
export const quantityOrNull = column(z.number().nullable(), 'Nullable(Float64)')
export const flag = column(z.boolean(), 'Bool')
export const flagOrNull = column(z.boolean().nullable(), 'Nullable(Bool)')
export const words = column(z.array(z.string()), 'Array(LowCardinality(String))')
export const wholeByWord = column(z.record(z.string(), z.number()), 'Map(LowCardinality(String), UInt64)')
export const quantityByWord = column(z.record(z.string(), z.number()), 'Map(LowCardinality(String), Float64)')
/** A list that is only ever handed back whole, as JSON text. */
export const json = column(z.string(), 'String')
