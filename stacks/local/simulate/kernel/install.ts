import { createHash } from 'node:crypto'
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import timers from 'node:timers/promises'
import { fileCalls } from './file-calls.ts'
import type { Network } from './network.ts'
import { currentProcess, type Process } from './process.ts'
import { createSocket } from './socket-calls.ts'
import { abortAfter, clearTimer, sleep, startInterval, startTimer, Timer } from './timer-calls.ts'

type Callable = (...args: never[]) => unknown

/**
 * Puts the simulated kernel under the code of simulated processes: their timers, files, sockets, chance and requests are
 * its own, so that product code runs as it is, and the same seed gives the same run. All other code keeps the real ones.
 */
export function installKernel(network: Network): Disposable {
  const undo: (() => void)[] = []

  /** Replaces a function for simulated processes alone. */
  function replace<Owner extends object>(
    owner: Owner,
    name: keyof Owner & string,
    simulated: (process: Process) => Callable,
  ) {
    const original = owner[name] as Callable
    const own = Object.getOwnPropertyDescriptor(owner, name)
    const choose = (...args: never[]) => {
      const process = currentProcess()
      return process === undefined ? original.apply(owner, args) : simulated(process)(...args)
    }
    Object.defineProperty(owner, name, { configurable: true, writable: true, value: choose })
    undo.push(() => {
      if (own === undefined) Reflect.deleteProperty(owner, name)
      else Object.defineProperty(owner, name, own)
    })
  }

  replace(globalThis, 'setTimeout', (process) => startTimer(process))
  replace(globalThis, 'setInterval', (process) => startInterval(process))
  for (const clear of ['clearTimeout', 'clearInterval'] as const) {
    const original = globalThis[clear]
    Object.defineProperty(globalThis, clear, {
      configurable: true,
      writable: true,
      value: (timer?: NodeJS.Timeout | Timer) => (timer instanceof Timer ? clearTimer(timer) : original(timer)),
    })
    undo.push(() => {
      globalThis[clear] = original
    })
  }
  replace(timers, 'setTimeout', (process) => sleep(process))
  replace(AbortSignal, 'timeout', (process) => abortAfter(process))
  replace(
    performance,
    'now',
    ({ machine }) =>
      () =>
        machine.uptimeMs(),
  )
  replace(
    Math,
    'random',
    ({ machine }) =>
      () =>
        machine.random.fraction(),
  )
  replace(
    crypto,
    'randomUUID',
    ({ machine }) =>
      () =>
        uuidOf(() => machine.random.integer(0, 255)),
  )
  replace(
    crypto,
    'getRandomValues',
    ({ machine }) =>
      (into: Uint8Array) =>
        into.map((_, i) => (into[i] = machine.random.integer(0, 255))),
  )
  // The real one works on a thread, which would end when it likes.
  replace(crypto.subtle, 'digest', () => async (_: string, data: Uint8Array) => {
    const digest = createHash('sha256').update(data).digest()
    return digest.buffer.slice(digest.byteOffset, digest.byteOffset + digest.byteLength)
  })
  replace(globalThis, 'fetch', (process) => (input: string | URL | Request, init?: RequestInit) => {
    const { signal, ...rest } = init ?? {}
    const request = input instanceof Request ? input : new Request(input, rest)
    const host = new URL(request.url).host
    return network.call(process, host, (door: Door) => door.fetch(request), signal ?? request.signal)
  })
  replace(net, 'createServer', (process) => () => createSocket(process))
  const names = [
    'open',
    'mkdir',
    'readdir',
    'realpath',
    'rename',
    'rm',
    'unlink',
    'truncate',
    'stat',
    'readFile',
    'writeFile',
  ] as const
  for (const name of names) replace(files, name, (process) => fileCalls(process)[name] as Callable)
  syncBuiltinESMExports()
  return {
    [Symbol.dispose]: () => {
      for (const restore of undo.reverse()) restore()
      syncBuiltinESMExports()
    },
  }
}

export interface Door {
  fetch(request: Request): Response | Promise<Response>
}

function uuidOf(byte: () => number): string {
  const hex = Array.from({ length: 16 }, () => byte().toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}
