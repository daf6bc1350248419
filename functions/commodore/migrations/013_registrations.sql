-- What somebody wants to be before the address is proven. Any number for one address: who reads its mail chooses.
create table registrations (
  id text collate "C" primary key,
  email text not null check (email = lower(email)),
  hash text not null,
  tenant_name text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index on registrations (email, created_at);
create index on registrations (expires_at);
alter table registrations enable row level security;
alter table registrations force row level security;
create policy by_lookup on registrations using (email = (select current_setting('app.lookup', true)));
create policy of_job on registrations for delete using ((select current_setting('app.job', true)) = 'sweep');
create policy seen_by_job on registrations for select using ((select current_setting('app.job', true)) = 'sweep');
grant select, insert, delete on registrations to commodore;

-- Secrets that were mailed, as SHA-256; each is good once.
create table mailed_tokens (
  token_hash text primary key,
  kind text not null check (kind in ('verification', 'reset')),
  email text not null,
  -- What it opens: a registration or a user.
  object_id text not null,
  expires_at timestamptz not null
);
create index on mailed_tokens (email);
create index on mailed_tokens (expires_at);
alter table mailed_tokens enable row level security;
alter table mailed_tokens force row level security;
create policy by_lookup on mailed_tokens using (
  (select current_setting('app.lookup', true)) in (token_hash, email)
);
create policy of_job on mailed_tokens for delete using ((select current_setting('app.job', true)) = 'sweep');
create policy seen_by_job on mailed_tokens for select using ((select current_setting('app.job', true)) = 'sweep');
grant select, insert, delete on mailed_tokens to commodore;

alter table users add column name text not null default '';
-- How the user's own tenant is to be called once it is made.
alter table users add column tenant_name text;
grant insert (tenant_name), update (name) on users to commodore;
grant update (hash, changed_at) on passwords to commodore;
