-- Commodore's own signing keys: one that signs, one that is next, and those whose tokens are still out.
create table identity_keys (
  kid text primary key,
  public_key jsonb not null,
  -- Encrypted; see shared/encryption.
  private_key text not null,
  created_at timestamptz not null,
  current_at timestamptz,
  retired_at timestamptz
);
create unique index identity_keys_current_key on identity_keys ((true))
  where current_at is not null and retired_at is null;
create unique index identity_keys_next_key on identity_keys ((true)) where current_at is null;
alter table identity_keys enable row level security;
alter table identity_keys force row level security;
create policy of_job on identity_keys using ((select current_setting('app.job', true)) = 'identity');
grant select, insert, update (current_at, retired_at), delete on identity_keys to commodore;
