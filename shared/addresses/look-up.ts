import { lookup } from 'node:dns/promises'

/** All addresses of a name; rejects when it has none. */
export type Resolve = (name: string) => Promise<string[]>

export const resolveName: Resolve = async (name) =>
  (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address)
