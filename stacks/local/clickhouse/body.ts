import type { IncomingMessage } from 'node:http'
import { Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { Exception } from './exception.ts'

const decoders = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
} as const

/** Pipes the request's body, decompressed, into `target`; throws QUERY_IS_TOO_LARGE past `bytesMax` of it. */
export async function readBody(request: IncomingMessage, target: Writable, bytesMax: number): Promise<void> {
  const encoding = request.headers['content-encoding'] ?? 'identity'
  try {
    await pipeline([request, ...decodersFor(encoding), limitTo(bytesMax), target])
  } catch (cause) {
    if (cause instanceof Exception) throw cause
    const plain = encoding === 'identity'
    throw new Exception(plain ? 'ABORTED' : 'ZLIB_INFLATE_FAILED', `The ${encoding} body cannot be read`, { cause })
  }
}

/** The whole body as bytes; for queries, which are small. */
export async function readBytes(request: IncomingMessage, bytesMax: number): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = []
  const collector = new Writable({
    write: (chunk: Buffer, _, done) => {
      chunks.push(chunk)
      done()
    },
  })
  await readBody(request, collector, bytesMax)
  return Buffer.concat(chunks)
}

function decodersFor(encoding: string): Transform[] {
  if (encoding === 'identity') return []
  if (!isKnown(encoding)) throw new Exception('NOT_IMPLEMENTED', `Unknown compression method '${encoding}'`)
  return [decoders[encoding]()]
}

function isKnown(encoding: string): encoding is keyof typeof decoders {
  return Object.hasOwn(decoders, encoding)
}

function limitTo(bytesMax: number): Transform {
  let seen = 0
  return new Transform({
    transform: (chunk: Buffer, _, done) => {
      seen += chunk.length
      if (seen <= bytesMax) return done(null, chunk)
      done(new Exception('QUERY_IS_TOO_LARGE', `The request body is larger than ${bytesMax} bytes`))
    },
  })
}
