-- `npm run re-encrypt` finds and replaces what is encrypted, of all tenants: the job `re_encryption` opens the rows that hold it.
create policy found_by_re_encryption on webhook_endpoints for select
  using ((select current_setting('app.job', true)) = 're_encryption');
create policy of_re_encryption on webhook_endpoints for update
  using ((select current_setting('app.job', true)) = 're_encryption');
create policy found_by_re_encryption on push_targets for select
  using ((select current_setting('app.job', true)) = 're_encryption');
create policy of_re_encryption on push_targets for update
  using ((select current_setting('app.job', true)) = 're_encryption');
create policy found_by_re_encryption on identity_keys for select
  using ((select current_setting('app.job', true)) = 're_encryption');
create policy of_re_encryption on identity_keys for update
  using ((select current_setting('app.job', true)) = 're_encryption');
grant update (private_key) on identity_keys to commodore;
-- A change of a push target waits there with the address that the target had.
create policy found_by_re_encryption on outbox for select
  using (kind = 'push.retarget' and (select current_setting('app.job', true)) = 're_encryption');
create policy of_re_encryption on outbox for update
  using (kind = 'push.retarget' and (select current_setting('app.job', true)) = 're_encryption');
