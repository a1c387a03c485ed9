-- Nearly everybody who has tickets keeps them, so those of who left are found by their owner.
DROP INDEX ticket_unanswered;

CREATE INDEX ticket_unanswered ON ticket (ticketbox_id, owner_id, owned_since)
WHERE owner_id IS NOT NULL AND state = 'open' AND NOT merged AND unanswered;

-- The wait that supervisors were told of stands with the ticket, so that an index leaves out what they know.
ALTER TABLE ticket ADD COLUMN told_since timestamptz;

UPDATE ticket
SET told_since = told.waiting_since
FROM told
WHERE told.ticket_id = ticket.ticket_id;

DROP TABLE told;

CREATE INDEX ticket_untold ON ticket (ticketbox_id, waiting_since)
WHERE waiting_since IS NOT NULL AND waiting_since IS DISTINCT FROM told_since;
