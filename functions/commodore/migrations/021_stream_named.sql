-- The stream of a public name, in one round trip: a viewer waits for it. It runs with its caller's rights, so row-level security holds
-- inside: the name opens its own row.
create function stream_named(presented text, by_playback_id boolean) returns setof streams language plpgsql as $$
begin
  perform set_config('app.lookup', presented, true);
  if by_playback_id then
    return query select s.* from streams s where s.playback_id = presented and s.deleted_at is null;
  else
    return query select s.* from streams s where s.internal_name = presented and s.deleted_at is null;
  end if;
end
$$;
