import { sql } from 'kysely'
import type { Database } from '../postgres/database.ts'

interface Isolation {
  tables: string[]
  /** What could let a query of the service see another tenant's rows; none when all is well. */
  gaps: string[]
}

/** Looks through the schema that a service's own connection works in, whatever was added to it since. */
export function inspectIsolation<Tables>(db: Database<Tables>): Promise<Isolation> {
  return db.within({}, async (tx) => {
    const { rows: tables } = await sql<{ name: string }>`
      select relname as name from pg_class
      where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and relname <> 'migrations'
      order by relname`.execute(tx)
    const { rows: gaps } = await sql<{ gap: string }>`
      with relation as (
        select *, 'security_invoker=true' = any (coalesce(reloptions, '{}')) as as_caller from pg_class
        where relnamespace = current_schema()::regnamespace and relname <> 'migrations'
      ), stored as (select * from relation where relkind in ('r', 'p'))
      select relname || ' does not force row-level security' as gap from stored
        where not (relrowsecurity and relforcerowsecurity)
      union all select relname || ' has no policy' from stored
        where not exists (select from pg_policy where polrelid = stored.oid)
      union all select relname || ' is the service''s own' from relation where pg_has_role(relowner, 'member')
      union all select relname || ' reads as its owner' from relation
        where relkind = 'm' or (relkind = 'v' and not as_caller)
      union all select tablename || '.' || policyname || ' is for every row' from pg_policies
        where schemaname = current_schema() and qual = 'true'
      union all select proname || '() runs as its owner' from pg_proc
        where pronamespace = current_schema()::regnamespace and prosecdef
      union all select current_user || ' is or may become ' || rolname from pg_roles
        where pg_has_role(oid, 'member') and (rolsuper or rolbypassrls or rolcreaterole)
      order by gap`.execute(tx)
    return { tables: tables.map(({ name }) => name), gaps: gaps.map(({ gap }) => gap) }
  })
}
