-- The tickets of a time, in order: a what-if walks through them, and so does nobody else. Small: a row a ticket.
CREATE INDEX ON event (occurred_at, stream_id) WHERE type = 'TicketOpened';
