import { spawn } from 'node:child_process'

/** Output that is kept to explain a failure. */
const SAID_CHARACTERS_MAX = 4_000

/** Runs a program to its end; throws with its last words, or with `missing` where it is not installed. */
export async function runCommand(program: string, args: string[], missing: string): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const listen = (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-SAID_CHARACTERS_MAX)
  }
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve).once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ENOENT' ? new Error(missing) : error)
    })
  })
  if (code !== 0) throw new Error(`${program} ${args[0]} failed (${code}):\n${said}`)
}
