-- Answers to requests that may be repeated, each sealed under the caller's own key, of which only a hash is kept.
create table idempotency_keys (
  tenant_id text not null,
  key_hash text not null,
  request_hash text not null,
  sealed_answer text not null,
  expires_at timestamptz not null,
  primary key (tenant_id, key_hash)
);
create index on idempotency_keys (tenant_id, expires_at);
alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;
create policy of_tenant on idempotency_keys using (tenant_id = (select current_setting('app.tenant_id', true)));
grant select, insert, update (sealed_answer), delete on idempotency_keys to quartermaster;
