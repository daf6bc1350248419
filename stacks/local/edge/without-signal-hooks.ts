const signals = ['SIGINT', 'SIGTERM'] as const

/** Runs `create` and takes back the listeners it adds that would end the whole process at a signal: we stop in order. */
export function withoutSignalHooks<T>(create: () => T): T {
  const before = new Map(signals.map((signal) => [signal, process.listeners(signal)]))
  const created = create()
  for (const [signal, listeners] of before) {
    for (const listener of process.listeners(signal)) {
      if (!listeners.includes(listener)) process.off(signal, listener)
    }
  }
  return created
}
