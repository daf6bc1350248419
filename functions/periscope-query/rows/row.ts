import { z } from 'zod'

/** 64-bit integers come as text, so that ClickHouse's answer is exact; ours are all within what JSON carries. */
export const whole = z.coerce.number().int().nonnegative()

/** The same, or null. */
export const wholeOrNull = whole.nullable()

/** What is empty in ClickHouse is null to callers. */
export const textOrNull = z.string().transform((text) => (text === '' ? null : text))

/** A column of JSON text. */
export const json = z.string().transform((text): unknown => JSON.parse(text))
