import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Command } from '../../shared/contract/commands.ts'
import { Fault } from '../../shared/fault.ts'
import { freshFolder } from '../testing/folder.ts'
import { captureLog } from '../testing/log-lines.ts'
import { CommandMemory, REMEMBERED_MAX, REMEMBERED_MS } from './command-memory.ts'
import { COMMANDS_WAITING_MAX, CommandRunner } from './command-runner.ts'

const terminate: Command = { kind: 'terminate_stream', runtime_name: 'live+regatta' }

/** A host that runs commands by noting them; `restart` is a new process on the same disk. */
async function openHost() {
  const { log, lines } = captureLog()
  const path = join(await freshFolder(), 'commands.json')
  const host = {
    path,
    lines,
    now_ms: Date.parse('2026-11-24T01:00:00.000Z'),
    ran: [] as Command[],
    work: async (): Promise<void> => undefined,
    restart: async () => {
      const clock = () => new Date(host.now_ms)
      const memory = await CommandMemory.open({ path, clock, log })
      const execute = (command: Command) => {
        host.ran.push(command)
        return host.work()
      }
      const runner = new CommandRunner({ memory, execute, uptime: () => host.now_ms, log })
      const tell = (command: unknown = terminate, id: string = crypto.randomUUID(), expires_in_ms = 60_000) =>
        runner.run({ id, command, expires_in_ms })
      return { memory, tell }
    },
  }
  return host
}

test('a command is run once, whoever repeats it and however often the process begins anew', async () => {
  const host = await openHost()
  const id = crypto.randomUUID()
  const { tell } = await host.restart()
  const together = await Promise.all([tell(terminate, id), tell(terminate, id)])
  const later = await (await host.restart()).tell(terminate, id)
  expect([...together, later]).toEqual(Array(3).fill({ status: 'done', reason: null }))
  expect(host.ran).toHaveLength(1)
})

test('a command that a crash cut short is not run again, and says so', async () => {
  const host = await openHost()
  const id = crypto.randomUUID()
  const begun = Promise.withResolvers<void>()
  host.work = () => {
    begun.resolve()
    return new Promise(() => undefined)
  }
  const first = await host.restart()
  void first.tell(terminate, id)
  await begun.promise
  host.work = async () => undefined
  expect(await (await host.restart()).tell(terminate, id)).toEqual({ status: 'failed', reason: 'interrupted' })
  expect(host.ran).toHaveLength(1)
})

test('a failure has its reason, also when it is asked for again', async () => {
  const host = await openHost()
  host.work = async () => {
    throw new Fault('unavailable', 'mist_unreachable', 'Away.')
  }
  const { tell } = await host.restart()
  const id = crypto.randomUUID()
  expect(await tell(terminate, id)).toEqual({ status: 'failed', reason: 'mist_unreachable' })
  expect(await tell(terminate, id)).toEqual({ status: 'failed', reason: 'mist_unreachable' })
})

test('a command whose turn comes too late is not run', async () => {
  const host = await openHost()
  const gate = Promise.withResolvers<void>()
  host.work = () => gate.promise
  const { tell } = await host.restart()
  const first = tell()
  const second = tell(terminate, crypto.randomUUID(), 1_000)
  host.now_ms += 1_000
  gate.resolve()
  expect(await first).toMatchObject({ status: 'done' })
  expect(await second).toEqual({ status: 'expired', reason: null })
  expect(host.ran).toHaveLength(1)
})

test('commands run in the order in which they came, and one too many is turned away', async () => {
  const host = await openHost()
  const gate = Promise.withResolvers<void>()
  host.work = () => gate.promise
  const { tell } = await host.restart()
  const names = Array.from({ length: COMMANDS_WAITING_MAX }, (_, number) => `live+${number}`)
  const told = names.map((runtime_name) => tell({ kind: 'terminate_stream', runtime_name }))
  expect(await tell()).toEqual({ status: 'failed', reason: 'busy' })
  gate.resolve()
  await Promise.all(told)
  expect(host.ran.map((command) => 'runtime_name' in command && command.runtime_name)).toEqual(names)
})

test('what a newer control plane asks for is refused, not run', async () => {
  const host = await openHost()
  const { tell } = await host.restart()
  expect(await tell({ kind: 'dance' })).toEqual({ status: 'failed', reason: 'unknown_command' })
  expect(host.ran).toEqual([])
})

test('commands are remembered for longer than they live, and no more of them than there is room for', async () => {
  const host = await openHost()
  const entry = { at_ms: host.now_ms, outcome: { status: 'done', reason: null } }
  const ids = Array.from({ length: REMEMBERED_MAX }, () => crypto.randomUUID())
  const commands = Object.fromEntries(ids.map((id) => [id, entry]))
  await writeFile(host.path, JSON.stringify({ draining: false, commands }))
  const { tell } = await host.restart()
  host.now_ms += REMEMBERED_MS
  expect(await tell()).toEqual({ status: 'failed', reason: 'too_many_commands' })
  expect(host.ran).toEqual([])
  host.now_ms += 1
  expect(await tell()).toMatchObject({ status: 'done' })
})

test('what cannot be remembered is not run', async () => {
  const host = await openHost()
  const { tell } = await host.restart()
  await mkdir(`${host.path}.new`)
  expect(await tell()).toEqual({ status: 'failed', reason: 'disk_failing' })
  expect(host.ran).toEqual([])
})

test('draining outlives a restart, and a broken file stops nobody', async () => {
  const host = await openHost()
  await (await host.restart()).memory.setDraining(true)
  expect((await host.restart()).memory.draining).toBe(true)
  await writeFile(host.path, '{"draining":')
  expect((await host.restart()).memory.draining).toBe(false)
  expect(host.lines.join('')).toContain('is forgotten')
})
