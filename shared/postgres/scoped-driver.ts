import {
  CompiledQuery,
  type DatabaseConnection,
  PostgresDialect,
  PostgresDriver,
  type TransactionSettings,
} from 'kysely'

/** Kysely's dialect without a `begin` of its own: the statement that begins a transaction also says for whom it asks. */
export class ScopedDialect extends PostgresDialect {
  readonly #config: ConstructorParameters<typeof PostgresDialect>[0]

  constructor(config: ConstructorParameters<typeof PostgresDialect>[0]) {
    super(config)
    this.#config = config
  }

  override createDriver(): PostgresDriver {
    return new ScopedDriver(this.#config)
  }
}

class ScopedDriver extends PostgresDriver {
  readonly #reading = new WeakSet<DatabaseConnection>()

  override async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    if (settings.accessMode === 'read only') this.#reading.add(connection)
  }

  override async commitTransaction(connection: DatabaseConnection): Promise<void> {
    if (!this.#reading.delete(connection)) return super.commitTransaction(connection)
    // Nobody depends on the end of a reading; whoever uses the connection next is queued behind it.
    connection.executeQuery(CompiledQuery.raw('commit')).catch(() => undefined)
  }

  override async rollbackTransaction(connection: Parameters<PostgresDriver['rollbackTransaction']>[0]): Promise<void> {
    this.#reading.delete(connection)
    return super.rollbackTransaction(connection)
  }
}
