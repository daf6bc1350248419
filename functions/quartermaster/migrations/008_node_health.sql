-- What the tenant wants of a host, and how its cluster's Foghorn last found it.
alter table nodes rename column status to mode;
alter table nodes drop constraint nodes_status_check;
alter table nodes add constraint nodes_mode_check check (mode in ('active', 'draining', 'maintenance', 'disabled'));
alter table nodes
  add column healthy boolean,
  add column health_reasons text[] not null default '{}',
  add column health_at timestamptz;
grant update (healthy, health_reasons, health_at) on nodes to quartermaster;
