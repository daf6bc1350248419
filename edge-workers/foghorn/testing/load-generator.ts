import { Lookups, lookUp } from './lookups.ts'

/** A process of its own that looks hosts up as it is told, so that who is measured shares no thread with who measures. */
process.on('message', async (told) => process.send?.(await lookUp(Lookups.parse(told))))
process.once('disconnect', () => process.removeAllListeners('message'))
