-- Whence hosts may join by a token; null is anywhere.
alter table enrolment_tokens add column address_range inet;
