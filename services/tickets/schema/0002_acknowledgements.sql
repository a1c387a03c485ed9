-- What the ticketbox tells a customer at once.
ALTER TABLE ticketbox ADD COLUMN acknowledgement text;

-- Automatic mail that left lately, for the caps that end a loop; older rows go away.
CREATE TABLE automatic_mail (
    recipient text NOT NULL,
    released_at timestamptz NOT NULL,
    ticket_id uuid NOT NULL
);

CREATE INDEX ON automatic_mail (recipient, released_at);
CREATE INDEX ON automatic_mail (released_at);
