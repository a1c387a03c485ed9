-- Since when each thing is as it is: nothing that an automation does is older than the automation.
ALTER TABLE thing ADD COLUMN since timestamptz NOT NULL DEFAULT now();

-- Counts the changes of the desk after which alarms may be others.
CREATE TABLE desk_revision (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    revision bigint NOT NULL
);

INSERT INTO desk_revision (revision)
VALUES (1);

-- `revision` is that of the desk by which the alarm was set: older ones are set anew, some at a time, in between.
-- `standing` is what automations look at of the ticket. Tickets that are closed or merged have no row.
ALTER TABLE alarm
    ADD COLUMN revision bigint NOT NULL DEFAULT 0,
    ADD COLUMN standing jsonb;

CREATE INDEX ON alarm (revision);

INSERT INTO alarm (ticket_id)
SELECT ticket_id
FROM ticket_by_number
ON CONFLICT DO NOTHING;
