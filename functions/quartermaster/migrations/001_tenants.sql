-- Each transaction names its tenant (app.tenant_id), or a name that opens just the row carrying it (app.lookup).

create table tenants (
  id text collate "C" primary key,
  provisioning_key text not null,
  name text not null,
  status text not null default 'active' check (status in ('active', 'suspended')),
  created_at timestamptz not null,
  constraint tenants_provisioning_key_key unique (provisioning_key)
);
alter table tenants enable row level security;
alter table tenants force row level security;
create policy of_tenant on tenants using (id = (select current_setting('app.tenant_id', true)));
create policy by_lookup on tenants for select using (provisioning_key = (select current_setting('app.lookup', true)));
grant select, insert, update (status) on tenants to quartermaster;
