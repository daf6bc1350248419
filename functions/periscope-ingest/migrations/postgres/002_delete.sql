-- A tenant's state goes with the tenant.
grant delete on stream_state, node_state to periscope;
