-- What a signed-in user is now, in one round trip, since each request of a user asks. It runs with its caller's rights, so row-level
-- security holds inside: the user opens the own row, memberships and sessions.
create function standing(of_user text, of_session text, of_tenant text) returns table (
  active boolean,
  operator boolean,
  -- Null when the user is not in the tenant.
  role text,
  -- A token that names no session ends with nothing but its time.
  session_lives boolean
) language plpgsql stable as $$
begin
  perform set_config('app.user_id', of_user, true);
  return query
    select u.active, u.operator, m.role,
      of_session is null or exists (
        select from sessions s where s.id = of_session and s.user_id = u.id and s.revoked_at is null)
    from users u left join memberships m on m.user_id = u.id and m.tenant_id = of_tenant
    where u.id = of_user;
end
$$;
