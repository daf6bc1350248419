-- Which event a delivery tells of, where it came as one: an event that comes again is not told again.
alter table webhook_deliveries add column event_id uuid;
create unique index webhook_deliveries_event_key on webhook_deliveries (endpoint_id, event_id);
