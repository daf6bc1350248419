create table enrolment_tokens (
  id text collate "C" primary key,
  tenant_id text not null,
  cluster_id text not null,
  name text not null,
  token_hash text not null,
  usage_limit int not null check (usage_limit > 0),
  usage_count int not null default 0 check (usage_count between 0 and usage_limit),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  foreign key (cluster_id, tenant_id) references clusters (id, owner_tenant_id),
  constraint enrolment_tokens_token_hash_key unique (token_hash)
);
create index on enrolment_tokens (tenant_id, id);
alter table enrolment_tokens enable row level security;
alter table enrolment_tokens force row level security;
create policy of_tenant on enrolment_tokens using (tenant_id = (select current_setting('app.tenant_id', true)));
create policy by_lookup on enrolment_tokens for select
  using (token_hash = (select current_setting('app.lookup', true)));
grant select, insert, update (usage_count, revoked_at) on enrolment_tokens to quartermaster;

create table nodes (
  id text collate "C" primary key,
  tenant_id text not null,
  cluster_id text not null,
  enrolment_token_id text not null references enrolment_tokens (id),
  name text not null,
  status text not null default 'active' check (status in ('active', 'disabled')),
  public_jwk jsonb not null,
  key_thumbprint text not null,
  address text,
  location jsonb,
  last_seen_at timestamptz,
  created_at timestamptz not null,
  foreign key (cluster_id, tenant_id) references clusters (id, owner_tenant_id),
  constraint nodes_enrolment_key unique (enrolment_token_id, key_thumbprint)
);
create index on nodes (tenant_id, id);
alter table nodes enable row level security;
alter table nodes force row level security;
create policy of_tenant on nodes using (tenant_id = (select current_setting('app.tenant_id', true)));
create policy by_lookup on nodes for select using (id = (select current_setting('app.lookup', true)));
grant select, insert, update (name, status, address, location, last_seen_at) on nodes to quartermaster;

-- Assertions that were used, until they have run out by themselves: each gets one token.
create table used_assertions (
  tenant_id text not null references tenants (id),
  node_id text not null references nodes (id),
  jti_hash text not null,
  expires_at timestamptz not null,
  primary key (node_id, jti_hash)
);
alter table used_assertions enable row level security;
alter table used_assertions force row level security;
create policy of_tenant on used_assertions using (tenant_id = (select current_setting('app.tenant_id', true)));
grant select, insert, delete on used_assertions to quartermaster;
