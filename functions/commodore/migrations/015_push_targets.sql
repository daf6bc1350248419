-- Where streams are sent on to. The address holds credentials: it lies here encrypted, beside what may be shown of it.
create table push_targets (
  id text collate "C" primary key,
  tenant_id text not null,
  stream_id text not null,
  name text not null,
  encrypted_url text not null check (encrypted_url like 'enc.%'),
  redacted_url text not null,
  enabled boolean not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  foreign key (stream_id, tenant_id) references streams (id, tenant_id)
);
create index on push_targets (stream_id, id);
alter table push_targets enable row level security;
alter table push_targets force row level security;
create policy of_tenant on push_targets using (tenant_id = (select current_setting('app.tenant_id', true)));
grant select, insert, update (name, encrypted_url, redacted_url, enabled, updated_at), delete on push_targets to commodore;
