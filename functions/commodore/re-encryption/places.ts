import { type RawBuilder, sql, type Transaction } from 'kysely'
import type { Binding } from '../../../shared/encryption/encryption.ts'
import { bindingOf as ofIdentityKey } from '../identity/key-ring.ts'
import { bindingOf as ofPushTarget } from '../push-targets/address.ts'
import { RETARGET_KIND } from '../push-targets/retarget.ts'
import type { Tables } from '../tables.ts'
import { bindingOf as ofWebhookEndpoint } from '../webhooks/secret.ts'

/** An encrypted text, the row that it is in, and the object that it is bound to. */
export interface Found {
  id: string
  of: string
  text: string
}

export interface Replacement {
  id: string
  old_text: string
  new_text: string
}

/** Where Commodore keeps one kind of secret encrypted. */
export interface Place {
  /** What one of them is called. */
  name: string
  bindingOf(of: string): Binding
  /** Those after an id, in the order of ids, that do not begin with `prefix`. */
  find(tx: Transaction<Tables>, page: { prefix: string; after: string; limit: number }): Promise<Found[]>
  count(tx: Transaction<Tables>, prefix: string): Promise<number>
  /** Replaces texts that are still the old ones; says how many were. */
  replace(tx: Transaction<Tables>, replacements: readonly Replacement[]): Promise<number>
}

/** Everything of Commodore's that `ENCRYPTION_KEYS` encrypt. */
export const places: readonly Place[] = [
  columnOf('webhook secret', 'webhook_endpoints', 'id', 'secret', ofWebhookEndpoint),
  columnOf('previous webhook secret', 'webhook_endpoints', 'id', 'previous_secret', ofWebhookEndpoint),
  columnOf('push target', 'push_targets', 'id', 'encrypted_url', ofPushTarget),
  columnOf('identity key', 'identity_keys', 'kid', 'private_key', ofIdentityKey),
  place({
    name: 'address in a waiting change of a push target',
    bindingOf: ofPushTarget,
    table: sql`outbox`,
    id: sql`outbox.id`,
    of: sql`outbox.payload->>'target_id'`,
    text: sql`outbox.payload->>'left'`,
    // Row-level security shows no other kind; this says so to the planner.
    only: sql`outbox.kind = ${RETARGET_KIND}`,
    set: sql`payload = jsonb_set(outbox.payload, '{left}', to_jsonb(replacement.new_text))`,
  }),
]

function columnOf(name: string, table: string, id: string, column: string, bindingOf: Place['bindingOf']): Place {
  return place({
    name,
    bindingOf,
    table: sql.table(table),
    id: sql.ref(`${table}.${id}`),
    of: sql.ref(`${table}.${id}`),
    text: sql.ref(`${table}.${column}`),
    only: sql`true`,
    set: sql`${sql.ref(column)} = replacement.new_text`,
  })
}

type Pieces = Record<'table' | 'id' | 'of' | 'text' | 'only' | 'set', RawBuilder<unknown>>

function place({ name, bindingOf, table, id, of, text, only, set }: Pick<Place, 'name' | 'bindingOf'> & Pieces): Place {
  const others = (prefix: string) => sql`${only} and not starts_with(${text}, ${prefix})`
  return {
    name,
    bindingOf,
    find: async (tx, { prefix, after, limit }) => {
      const { rows } = await sql<Found>`
        select ${id} as id, ${of} as of, ${text} as text from ${table}
        where ${others(prefix)} and ${id} > ${after} order by ${id} limit ${limit}`.execute(tx)
      return rows
    },
    count: async (tx, prefix) => {
      const { rows } = await sql<{
        found: string
      }>`select count(*) as found from ${table} where ${others(prefix)}`.execute(tx)
      return Number(rows[0]?.found)
    },
    replace: async (tx, replacements) => {
      const listOf = (name: keyof Replacement) => sql`${replacements.map((each) => each[name])}::text[]`
      const { numAffectedRows } = await sql`
        update ${table} set ${set}
        from unnest(${listOf('id')}, ${listOf('old_text')}, ${listOf('new_text')}) as replacement (id, old_text, new_text)
        where ${id} = replacement.id and ${text} = replacement.old_text and ${only}`.execute(tx)
      return Number(numAffectedRows)
    },
  }
}
