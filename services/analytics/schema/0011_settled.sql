-- Who had been answered before a letter was split off waits for no first answer, as its ticket says itself from now on.
ALTER TABLE fact_ticket
    DROP COLUMN split_from_id,
    ADD COLUMN settled boolean NOT NULL DEFAULT false;

COMMENT ON COLUMN fact_ticket.settled IS
    'Whether its first message was split off from another ticket, in which it waited for no answer any more: nobody waits for a first one.';
