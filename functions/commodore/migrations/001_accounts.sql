-- Each transaction names its tenant (app.tenant_id), its user (app.user_id), or a credential or public name that opens
-- just the row carrying it (app.lookup).

create table users (
  id text collate "C" primary key,
  email text not null check (email = lower(email)),
  -- Staff of the platform. Only the owner of the database makes one: the service may not write this column.
  operator boolean not null default false,
  active boolean not null default true,
  -- The tenant that was made for the user; null until it exists.
  tenant_id text,
  created_at timestamptz not null,
  constraint users_email_key unique (email)
);

create table memberships (
  tenant_id text not null,
  user_id text not null references users (id),
  role text not null check (role in ('viewer', 'member', 'admin', 'owner')),
  created_at timestamptz not null,
  primary key (tenant_id, user_id)
);
create index on memberships (user_id);
alter table memberships enable row level security;
alter table memberships force row level security;
create policy of_tenant on memberships using (tenant_id = (select current_setting('app.tenant_id', true)));
create policy of_user on memberships for select using (user_id = (select current_setting('app.user_id', true)));
grant select, insert on memberships to commodore;

alter table users enable row level security;
alter table users force row level security;
create policy of_user on users using (id = (select current_setting('app.user_id', true)));
create policy of_tenant on users for select using (
  id in (select user_id from memberships where tenant_id = (select current_setting('app.tenant_id', true)))
);
create policy by_lookup on users for select using (email = (select current_setting('app.lookup', true)));
grant select, insert (id, email, created_at), update (tenant_id) on users to commodore;

-- Apart from users, so that no tenant's and no lookup's transaction can read a hash.
create table passwords (
  user_id text primary key references users (id),
  hash text not null,
  changed_at timestamptz not null
);
alter table passwords enable row level security;
alter table passwords force row level security;
create policy of_user on passwords using (user_id = (select current_setting('app.user_id', true)));
grant select, insert on passwords to commodore;
