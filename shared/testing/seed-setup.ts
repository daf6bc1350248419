import fc from 'fast-check'

/** Properties are checked on the same inputs in each run; `FC_SEED` tries others. A failure prints its seed. */
const SEED = 20_261_124

fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? SEED) })
