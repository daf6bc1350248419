/** Mistakes that the simulation makes in its own wiring when it is told to, to prove that its checks find them. */
export const mutations = [
  /** The disk says that it has synced, and has not. */
  'disk-lies',
  /** Offsets are committed before the stores have answered. */
  'commit-before-store',
  /** An event gets a new id each time that it is sent. */
  'ids-not-derived',
  /** A batch whose connection broke counts as taken. */
  'failures-acknowledged',
  /** Events of a batch are sent in another order than they were journalled in. */
  'batches-shuffled',
  /** What polls showed and show no more is not made good. */
  'no-reconciliation',
  /** Rows are counted as they lie there, without FINAL. */
  'repeats-counted',
  /** What cannot be stored is passed over, and lies nowhere. */
  'poison-passed-over',
  /** The last event to arrive wins, not the newest. */
  'last-arrival-wins',
] as const
export type Mutation = (typeof mutations)[number]
