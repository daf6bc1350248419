create table api_tokens (
  id text collate "C" primary key,
  tenant_id text not null,
  user_id text not null references users (id),
  name text not null,
  token_hash text not null,
  scopes text[] not null check (cardinality(scopes) > 0),
  created_at timestamptz not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  constraint api_tokens_token_hash_key unique (token_hash)
);
create index on api_tokens (tenant_id, id);
alter table api_tokens enable row level security;
alter table api_tokens force row level security;
create policy of_tenant on api_tokens using (tenant_id = (select current_setting('app.tenant_id', true)));
create policy by_lookup on api_tokens for select using (token_hash = (select current_setting('app.lookup', true)));
grant select, insert, update (last_used_at, revoked_at) on api_tokens to commodore;
