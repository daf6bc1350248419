-- A session is a family of refresh tokens, of which each is good once; it works in one of the user's tenants at a time.
create table sessions (
  id text collate "C" primary key,
  user_id text not null references users (id),
  tenant_id text not null,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_for text,
  unique (id, user_id)
);
create index on sessions (user_id, expires_at);
alter table sessions enable row level security;
alter table sessions force row level security;
create policy of_user on sessions using (user_id = (select current_setting('app.user_id', true)));
grant select, insert, update (tenant_id, last_used_at, expires_at, revoked_at, revoked_for), delete on sessions to commodore;

create table refresh_tokens (
  token_hash text primary key,
  session_id text not null,
  user_id text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  rotated_at timestamptz,
  foreign key (session_id, user_id) references sessions (id, user_id) on delete cascade
);
create index on refresh_tokens (session_id);
alter table refresh_tokens enable row level security;
alter table refresh_tokens force row level security;
create policy of_user on refresh_tokens using (user_id = (select current_setting('app.user_id', true)));
create policy by_lookup on refresh_tokens for select using (token_hash = (select current_setting('app.lookup', true)));
grant select, insert, update (rotated_at), delete on refresh_tokens to commodore;
