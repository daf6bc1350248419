grant update (role), delete on memberships to commodore;

create table invitations (
  id text collate "C" primary key,
  tenant_id text not null,
  email text not null check (email = lower(email)),
  role text not null check (role in ('viewer', 'member', 'admin', 'owner')),
  -- Made when the mail is; null until then.
  token_hash text,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  accepted_at timestamptz,
  revoked_at timestamptz,
  constraint invitations_token_hash_key unique (token_hash)
);
-- One that waits for each address.
create unique index invitations_pending_key on invitations (tenant_id, email)
  where accepted_at is null and revoked_at is null;
create index on invitations (tenant_id, id);
alter table invitations enable row level security;
alter table invitations force row level security;
create policy of_tenant on invitations using (tenant_id = (select current_setting('app.tenant_id', true)));
create policy by_lookup on invitations for select using (token_hash = (select current_setting('app.lookup', true)));
grant select, insert, update (token_hash, accepted_at, revoked_at) on invitations to commodore;
