import { expect, test } from 'vitest'
import { runCommand } from './run-command.ts'

test('a program that is not installed is named by what to do about it', async () => {
  await expect(runCommand('no-such-program', [], 'install it')).rejects.toThrow(/^install it$/)
})

test('a program that fails is quoted', async () => {
  const script = 'process.stderr.write("disk full"); process.exitCode = 3'
  await expect(runCommand(process.execPath, ['-e', script], '')).rejects.toThrow(/failed \(3\):\ndisk full/)
})

test('a program that ends well says nothing', async () => {
  await expect(runCommand(process.execPath, ['-e', ''], '')).resolves.toBeUndefined()
})
