-- Whether a correction was undone. After an upgrade `postroom rebuild facts` fills this for what came before; until then
-- those that were undone count.
CREATE TABLE fact_move (
    ticket_id uuid,
    version integer,
    why text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (ticket_id, version)
);

COMMENT ON TABLE fact_move IS
    'Every time that a ticket came to another ticketbox: one row each, corrections too. From TicketMoved.';
COMMENT ON COLUMN fact_move.version IS 'Orders what happened to one ticket.';
COMMENT ON COLUMN fact_move.why IS
    'person, correction, overflow, automation or undo: then the move before it does not count.';
COMMENT ON COLUMN fact_move.recorded_at IS 'Since when it is known.';
