-- What machines of ours wrote to customers, and what they held back. After an upgrade `postroom rebuild facts` fills this
-- for what came before.
CREATE TABLE fact_automatic_letter (
    ticket_id uuid,
    version integer,
    sort text NOT NULL,
    happened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (ticket_id, version)
);

CREATE INDEX ON fact_automatic_letter (happened_at);
CREATE INDEX ON fact_reply (released_at);

COMMENT ON TABLE fact_automatic_letter IS
    'Every acknowledgement and reminder, and each that was withheld: one row each. From AcknowledgementReleased, AcknowledgementWithheld, ReminderReleased and ReminderWithheld.';
COMMENT ON COLUMN fact_automatic_letter.version IS 'Orders what happened to one ticket.';
COMMENT ON COLUMN fact_automatic_letter.sort IS 'acknowledgement, reminder or withheld.';
COMMENT ON COLUMN fact_automatic_letter.happened_at IS 'When it was allowed to leave, or was not.';
COMMENT ON COLUMN fact_automatic_letter.recorded_at IS 'Since when it is known.';
