-- Which rule chose the ticketbox, and when people said that it was wrong. After an upgrade `postroom rebuild facts` fills
-- this for what came before.
ALTER TABLE fact_message ADD COLUMN ticketbox_rule text;

COMMENT ON COLUMN fact_message.ticketbox_rule IS
    'The rule that chose the ticketbox; empty: its address or the default did. From MessageRouted.';

CREATE TABLE fact_correction (
    ticket_id uuid,
    version integer,
    from_ticketbox_id uuid NOT NULL,
    to_ticketbox_id uuid NOT NULL,
    corrected_by uuid,
    corrected_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (ticket_id, version)
);

COMMENT ON TABLE fact_correction IS
    'Every time that someone moved a ticket since the rules had sent it to the wrong ticketbox: one row each. From TicketMoved.';
COMMENT ON COLUMN fact_correction.version IS 'Orders what happened to one ticket.';
COMMENT ON COLUMN fact_correction.recorded_at IS 'Since when it is known.';
