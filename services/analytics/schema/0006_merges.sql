-- Which tickets go on in another one: their customers wait there. After an upgrade `postroom rebuild facts` fills this for
-- what came before.
CREATE TABLE fact_merge (
    ticket_id uuid,
    version integer,
    into_id uuid,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (ticket_id, version)
);

COMMENT ON TABLE fact_merge IS
    'Every time that a ticket was merged into another one, or that was undone: one row each. From TicketMerged and MergeUndone.';
COMMENT ON COLUMN fact_merge.version IS 'Orders what happened to one ticket; the highest is how it is now.';
COMMENT ON COLUMN fact_merge.into_id IS 'The ticket in which it goes on from then on; NULL: it stands for itself again.';
COMMENT ON COLUMN fact_merge.recorded_at IS 'Since when it is known.';
