-- How much of an allowance is used: when it will be whole again. Keys are hashes of what is counted and of whom.
create table throttles (
  key_hash text primary key,
  full_at timestamptz not null
);
create index on throttles (full_at);
alter table throttles enable row level security;
alter table throttles force row level security;
create policy by_lookup on throttles using (
  key_hash = any ((select string_to_array(current_setting('app.lookup', true), ','))::text[])
);
create policy of_job on throttles for delete using ((select current_setting('app.job', true)) = 'sweep');
create policy seen_by_job on throttles for select using ((select current_setting('app.job', true)) = 'sweep');
grant select, insert, update, delete on throttles to commodore;
