-- What we wrote to somebody is found by the address, in whatever ticket: answers, acknowledgements and reminders have one
-- recipient each.
CREATE INDEX ON history (lower(data #>> '{letter,to,0,address}'))
WHERE type IN ('ReplyReleased', 'AcknowledgementReleased', 'ReminderReleased');
