-- `message.ticket_id` is where a letter is now: the letters of a ticket, and the tickets that go on in one. After an
-- upgrade `postroom rebuild inbox` finds those that were moved before.
CREATE INDEX ON message (ticket_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX ON ticket (merged_into) WHERE merged_into IS NOT NULL;
