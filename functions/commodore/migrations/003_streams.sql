create table streams (
  id text collate "C" primary key,
  tenant_id text not null,
  title text not null,
  description text not null,
  record boolean not null,
  enabled boolean not null default true,
  playback_id text not null,
  internal_name text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  -- So that a key can be held to its stream's tenant.
  unique (id, tenant_id),
  constraint streams_playback_id_key unique (playback_id),
  constraint streams_internal_name_key unique (internal_name)
);
create index on streams (tenant_id, id) where deleted_at is null;
alter table streams enable row level security;
alter table streams force row level security;
create policy of_tenant on streams using (tenant_id = (select current_setting('app.tenant_id', true)));
-- Services ask for many streams at once: a list of internal names and ids, none of which can hold a comma.
create policy by_lookup on streams for select using (
  playback_id = (select current_setting('app.lookup', true))
  or internal_name = any ((select string_to_array(current_setting('app.lookup', true), ','))::text[])
  or id = any ((select string_to_array(current_setting('app.lookup', true), ','))::text[])
);
grant select, insert, update (title, description, record, enabled, updated_at, deleted_at) on streams to commodore;

create table stream_keys (
  id text collate "C" primary key,
  tenant_id text not null,
  stream_id text not null,
  name text not null,
  key_hash text not null,
  last_four text not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz,
  foreign key (stream_id, tenant_id) references streams (id, tenant_id),
  constraint stream_keys_key_hash_key unique (key_hash)
);
create index on stream_keys (stream_id, id);
alter table stream_keys enable row level security;
alter table stream_keys force row level security;
create policy of_tenant on stream_keys using (tenant_id = (select current_setting('app.tenant_id', true)));
create policy by_lookup on stream_keys for select using (key_hash = (select current_setting('app.lookup', true)));
grant select, insert, update (last_used_at, revoked_at) on stream_keys to commodore;
