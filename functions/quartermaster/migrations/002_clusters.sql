create table clusters (
  id text collate "C" primary key,
  owner_tenant_id text not null references tenants (id),
  kind text not null check (kind in ('platform', 'private')),
  name text not null,
  created_at timestamptz not null,
  -- So that what belongs to a cluster can be held to its owner.
  unique (id, owner_tenant_id)
);
create index on clusters (owner_tenant_id);
create index on clusters (id) where kind = 'platform';
alter table clusters enable row level security;
alter table clusters force row level security;
create policy of_tenant on clusters using (owner_tenant_id = (select current_setting('app.tenant_id', true)));
create policy of_platform on clusters for select using (kind = 'platform');
create policy by_lookup on clusters for select
  using (id = any ((select string_to_array(current_setting('app.lookup', true), ','))::text[]));
grant select, insert on clusters to quartermaster;

-- The order in which clusters serve a tenant; the platform's clusters follow in any case.
create table tenant_clusters (
  tenant_id text not null references tenants (id),
  cluster_id text not null references clusters (id),
  position int not null,
  primary key (tenant_id, cluster_id)
);
alter table tenant_clusters enable row level security;
alter table tenant_clusters force row level security;
create policy of_tenant on tenant_clusters using (tenant_id = (select current_setting('app.tenant_id', true)));
grant select, insert on tenant_clusters to quartermaster;
