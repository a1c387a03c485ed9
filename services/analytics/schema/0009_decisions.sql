-- Where a message stands follows from all that was decided about it, and the last decision counts. After an upgrade
-- `postroom rebuild facts` fills this for what came before; until then it has the first decision and the last delivery.
CREATE TABLE fact_decision (
    message_id uuid,
    version integer,
    state text NOT NULL,
    ticketbox_id uuid,
    ticketbox_rule text,
    kind text,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (message_id, version)
);

INSERT INTO fact_decision (message_id, version, state, ticketbox_id, ticketbox_rule, recorded_at)
SELECT
    message_id,
    1,
    CASE disposition WHEN 'suppress' THEN 'suppressed' ELSE 'quarantined' END,
    ticketbox_id,
    ticketbox_rule,
    routed_recorded_at
FROM fact_message
WHERE disposition <> 'deliver';

INSERT INTO fact_decision (message_id, version, state, ticketbox_id, ticketbox_rule, recorded_at)
SELECT message_id, 2, 'in_flight', delivered_ticketbox_id, delivered_ticketbox_rule, delivered_recorded_at
FROM fact_message
WHERE delivered_recorded_at IS NOT NULL;

ALTER TABLE fact_message
    DROP COLUMN delivered_ticketbox_id,
    DROP COLUMN delivered_ticketbox_rule,
    DROP COLUMN delivered_recorded_at;

COMMENT ON TABLE fact_decision IS
    'Every decision about a message that was not delivered at once: one row each. From MessageRouted, RoutingFailed and MessageDiscarded.';
COMMENT ON COLUMN fact_decision.version IS
    'Orders what was decided about one message: the highest counts; once it is in a ticket, the highest that delivered it.';
COMMENT ON COLUMN fact_decision.state IS
    'What became of it by that, as in the ledger: in_flight (delivered), suppressed (or deleted by a person), quarantined or failed.';
COMMENT ON COLUMN fact_decision.ticketbox_id IS
    'Where it was delivered or held back; if it failed, where its address points. NULL: where it was before, or nowhere.';
COMMENT ON COLUMN fact_decision.ticketbox_rule IS
    'The rule that chose the ticketbox; empty: its address, the default or a person did.';
COMMENT ON COLUMN fact_decision.kind IS 'What it was read as then, in the words of fact_message.kind; NULL: as before.';
COMMENT ON COLUMN fact_decision.recorded_at IS 'Since when it is known.';
COMMENT ON COLUMN fact_message.routed_recorded_at IS
    'Since when ticketbox_id, disposition and ticketbox_rule are known. What was decided after that is in fact_decision.';
