-- Who changed what; written in the transaction of the change itself. Nobody but the owner of the database changes an entry.
create table audit_log (
  id text collate "C" primary key,
  tenant_id text not null,
  at timestamptz not null,
  actor_kind text not null,
  actor_id text,
  address text,
  action text not null,
  object_id text not null,
  details jsonb not null,
  request_id text not null
);
create index on audit_log (tenant_id, id);
create index on audit_log (tenant_id, object_id, id);
alter table audit_log enable row level security;
alter table audit_log force row level security;
create policy of_tenant on audit_log using (tenant_id = (select current_setting('app.tenant_id', true)));
grant select, insert on audit_log to quartermaster;
