-- What a tenant says of itself, and what the operators allow it; a limit that is not there is the platform's default.
alter table tenants
  add column attributes jsonb not null default '{}',
  add column branding jsonb not null default '{}',
  add column limits jsonb not null default '{}';
grant update (name, attributes, branding, limits) on tenants to quartermaster;
create policy of_operators on tenants for select
  using ((select current_setting('app.job', true)) = 'list_tenants');
