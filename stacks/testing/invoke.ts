// Loads a bundle as Lambda does, calls one of its exports with the event that comes in a message, and answers with what it returns.
const [bundle = '', name = ''] = process.argv.slice(2)
process.once('message', async ({ event }: { event: unknown }) => {
  try {
    const exports: Record<string, (event: unknown, context: object) => Promise<unknown>> = await import(bundle)
    const result = await exports[name]?.(event, {})
    process.send?.({ result: result ?? null })
  } catch (error) {
    process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
})
