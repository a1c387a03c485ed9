-- The book of messages: a row for each that came in, and where it stands. Filled by the projection `inbox`: after an
-- upgrade `postroom rebuild inbox` fills it for what came before.
-- What ingest said is NULL for a moment where router or tickets were heard first.
CREATE TABLE message (
    message_id uuid PRIMARY KEY,
    received_at timestamptz,
    source text,
    from_name text,
    from_address text,
    subject text,
    excerpt text,
    kind text,
    size bigint,
    attachments integer,
    unreadable boolean,
    scan text,
    held text,
    state text NOT NULL DEFAULT 'in_flight',
    reason text,
    routed_version integer NOT NULL DEFAULT 0,
    routing_id uuid,
    routed_state text NOT NULL DEFAULT 'in_flight',
    routed_reason text,
    failed_version integer NOT NULL DEFAULT 0,
    failed_routing_id uuid,
    failed_reason text,
    ticket_id uuid
);

CREATE INDEX ON message (received_at, message_id);
CREATE INDEX ON message (state, received_at, message_id);
CREATE INDEX ON message (source, received_at, message_id);
CREATE INDEX ON message (left(reason, 200), received_at, message_id) WHERE reason IS NOT NULL;
