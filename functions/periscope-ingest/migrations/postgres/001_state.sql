-- Current state as registers: for each aspect of a stream on a host, the newest event that says something about it.
-- Newest is by (occurred_at, event_id), a total order, so any order of arrival ends in the same rows.

create table stream_state (
  tenant_id text not null,
  stream_id text not null,
  node_id text not null,
  -- lifecycle: any change or poll; ready, off, figures: those that say so; buffer, tracks, end: their own events
  aspect text not null check (aspect in ('lifecycle', 'ready', 'off', 'figures', 'buffer', 'tracks', 'end')),
  cluster_id text,
  occurred_at timestamptz not null,
  event_id uuid not null,
  data jsonb not null,
  primary key (tenant_id, stream_id, node_id, aspect)
) with (fillfactor = 70);

create table node_state (
  tenant_id text not null,
  node_id text not null,
  cluster_id text,
  occurred_at timestamptz not null,
  event_id uuid not null,
  data jsonb not null,
  primary key (tenant_id, node_id)
) with (fillfactor = 70);

alter table stream_state enable row level security;
alter table stream_state force row level security;
create policy of_tenant on stream_state using (tenant_id = current_setting('app.tenant_id', true));

alter table node_state enable row level security;
alter table node_state force row level security;
create policy of_tenant on node_state using (tenant_id = current_setting('app.tenant_id', true));

grant select, insert, update on stream_state, node_state to periscope;
