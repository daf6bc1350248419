-- Which instances of which services run, as each says of itself; of no tenant.
create table service_instances (
  service text not null,
  id text not null,
  base_url text not null,
  version text not null,
  registered_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (service, id)
);
alter table service_instances enable row level security;
alter table service_instances force row level security;
create policy of_service on service_instances using (service = (select current_setting('app.lookup', true)));
create policy of_operators on service_instances for select
  using ((select current_setting('app.job', true)) = 'list_services');
grant select, insert, delete, update (base_url, version, seen_at, expires_at) on service_instances to quartermaster;
