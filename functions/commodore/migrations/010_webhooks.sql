create table webhook_endpoints (
  id text collate "C" primary key,
  tenant_id text not null,
  url text not null,
  description text not null,
  event_types text[] not null,
  -- Encrypted; the previous one signs too until its time has come.
  secret text not null,
  previous_secret text,
  previous_until timestamptz,
  enabled boolean not null default true,
  disabled_reason text,
  failing_since timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (id, tenant_id)
);
create index on webhook_endpoints (tenant_id, id);
alter table webhook_endpoints enable row level security;
alter table webhook_endpoints force row level security;
create policy of_tenant on webhook_endpoints using (tenant_id = (select current_setting('app.tenant_id', true)));
grant select, insert, delete on webhook_endpoints to commodore;
grant update (url, description, event_types, secret, previous_secret, previous_until, enabled, disabled_reason,
  failing_since, updated_at) on webhook_endpoints to commodore;

-- What is or was to be told to an endpoint, and how that went.
create table webhook_deliveries (
  id text collate "C" primary key,
  tenant_id text not null,
  endpoint_id text not null,
  event_type text not null,
  subject text not null,
  -- The very text that is signed and sent, the same for every attempt.
  body text not null,
  status text not null default 'pending' check (status in ('pending', 'delivered', 'failed')),
  attempts int not null default 0,
  response_status int,
  error text,
  created_at timestamptz not null,
  last_attempt_at timestamptz,
  next_attempt_at timestamptz,
  delivered_at timestamptz,
  foreign key (endpoint_id, tenant_id) references webhook_endpoints (id, tenant_id) on delete cascade
);
create index on webhook_deliveries (endpoint_id, id);
create index on webhook_deliveries (created_at);
alter table webhook_deliveries enable row level security;
alter table webhook_deliveries force row level security;
create policy of_tenant on webhook_deliveries using (tenant_id = (select current_setting('app.tenant_id', true)));
create policy of_job on webhook_deliveries using ((select current_setting('app.job', true)) = 'webhook_log');
grant select, insert, delete on webhook_deliveries to commodore;
grant update (status, attempts, response_status, error, last_attempt_at, next_attempt_at, delivered_at)
  on webhook_deliveries to commodore;
