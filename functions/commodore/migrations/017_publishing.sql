-- What a media host must know of the stream that a key publishes to, in one round trip: a broadcaster waits for it. It runs with
-- its caller's rights, so row-level security holds inside: the key opens its own row, and that row says whose stream it is.
create function publishing(presented_hash text, at timestamptz) returns table (
  key_id text,
  key_last_used_at timestamptz,
  stream_id text,
  tenant_id text,
  internal_name text,
  playback_id text,
  enabled boolean,
  record boolean,
  dvr boolean,
  push_targets jsonb
) language plpgsql as $$
declare
  presented stream_keys;
begin
  perform set_config('app.lookup', presented_hash, true);
  select k.* into presented from stream_keys k
    where k.key_hash = presented_hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > at);
  if not found then
    return;
  end if;
  perform set_config('app.tenant_id', presented.tenant_id, true);
  return query
    select presented.id, presented.last_used_at, s.id, s.tenant_id, s.internal_name, s.playback_id, s.enabled, s.record, s.dvr,
      (select coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'encrypted_url', p.encrypted_url) order by p.id desc), '[]')
        from push_targets p where p.stream_id = s.id and p.tenant_id = s.tenant_id and p.enabled)
    from streams s where s.id = presented.stream_id and s.tenant_id = presented.tenant_id and s.deleted_at is null;
end
$$;
