-- What Commodore is to be told after a commit. Rows of one order_key are done one after the other.
create table outbox (
  id text collate "C" primary key,
  -- Decides the order within a key: a clock may differ between machines, a sequence does not.
  seq bigint generated always as identity,
  tenant_id text,
  kind text not null,
  order_key text,
  payload jsonb not null,
  created_at timestamptz not null,
  -- Not before; while somebody works on it, until when it is theirs.
  due_at timestamptz not null,
  attempts int not null default 0,
  lease text,
  last_error text,
  parked_at timestamptz,
  done_at timestamptz
);
create index on outbox (due_at) where done_at is null and parked_at is null;
create index on outbox (order_key, seq) where done_at is null and parked_at is null and order_key is not null;
create index on outbox (done_at) where done_at is not null;
alter table outbox enable row level security;
alter table outbox force row level security;
create policy of_job on outbox using ((select current_setting('app.job', true)) = 'outbox');
create policy by_writer on outbox for insert with check (
  tenant_id is null or tenant_id = (select current_setting('app.tenant_id', true))
);
grant select, insert, update, delete on outbox to quartermaster;
