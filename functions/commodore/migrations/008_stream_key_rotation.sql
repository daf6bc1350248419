-- When a key that was replaced ends by itself; null for one that stays.
alter table stream_keys add column expires_at timestamptz;
grant update (expires_at) on stream_keys to commodore;
