-- One release of a reply: its exact bytes, and how far they are.
CREATE TABLE delivery (
    reply_id uuid NOT NULL,
    attempt integer NOT NULL,
    ticket_id uuid NOT NULL,
    internet_message_id text NOT NULL,
    automatic boolean NOT NULL,
    sender text NOT NULL,
    smtputf8 boolean NOT NULL,
    message bytea NOT NULL,
    recipients jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'sending', 'retry', 'sent', 'failed', 'uncertain')),
    tries integer NOT NULL DEFAULT 0,
    doubts integer NOT NULL DEFAULT 0,
    queued_at timestamptz NOT NULL,
    -- When it is to be looked at again; while it is being sent, when the lease of its owner ends.
    due_at timestamptz NOT NULL,
    owner uuid,
    -- Of the event that released it, so that what is said of it continues its trace.
    release_id uuid NOT NULL,
    correlation_id uuid NOT NULL,
    traceparent text,
    PRIMARY KEY (reply_id, attempt)
);

CREATE INDEX ON delivery (due_at) WHERE state IN ('queued', 'sending', 'retry');

-- Wakes the senders, of all replicas, when the transaction that queued something is there to see.
CREATE FUNCTION announce_delivery() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('postroom_notify_queued', '');
    RETURN NULL;
END $$;

CREATE TRIGGER announce_delivery
AFTER INSERT ON delivery
FOR EACH STATEMENT EXECUTE FUNCTION announce_delivery();
