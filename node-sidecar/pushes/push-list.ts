import { z } from 'zod'

/** Id, stream, and the target as it was asked for; what follows is not used. */
const Push = z
  .tuple([z.number(), z.string(), z.string()])
  .rest(z.unknown())
  .transform(([id, stream, target]) => ({ id, stream, target }))

/** Null when nothing is pushed. */
export const PushList = z
  .array(Push)
  .nullable()
  .transform((pushes) => pushes ?? [])
