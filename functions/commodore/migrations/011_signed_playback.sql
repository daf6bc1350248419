alter table streams
  add column playback_policy text not null default 'public' check (playback_policy in ('public', 'signed'));
grant update (playback_policy) on streams to commodore;

-- By which tenants sign viewers' tokens; the private halves are theirs alone.
create table signing_keys (
  id text collate "C" primary key,
  tenant_id text not null,
  name text not null,
  public_jwk jsonb not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index on signing_keys (tenant_id, id);
alter table signing_keys enable row level security;
alter table signing_keys force row level security;
create policy of_tenant on signing_keys using (tenant_id = (select current_setting('app.tenant_id', true)));
grant select, insert, update (last_used_at, revoked_at) on signing_keys to commodore;

create table playback_revocations (
  id text collate "C" primary key,
  tenant_id text not null,
  kind text not null check (kind in ('viewer', 'key', 'token')),
  subject text not null,
  stream_id text,
  created_at timestamptz not null,
  expires_at timestamptz,
  foreign key (stream_id, tenant_id) references streams (id, tenant_id),
  constraint playback_revocations_subject_key unique nulls not distinct (tenant_id, kind, subject, stream_id)
);
create index on playback_revocations (tenant_id, id);
alter table playback_revocations enable row level security;
alter table playback_revocations force row level security;
create policy of_tenant on playback_revocations using (tenant_id = (select current_setting('app.tenant_id', true)));
grant select, insert, update (expires_at), delete on playback_revocations to commodore;
