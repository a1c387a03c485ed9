-- Bytes by their sha256: messages as received, attachments, HTML, long texts.
CREATE TABLE blob (
    sha256 bytea PRIMARY KEY,
    content bytea NOT NULL
);

-- The book: every message that was ever accepted, in exactly one state.
CREATE TABLE ledger (
    message_id uuid PRIMARY KEY,
    accepted_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'in_flight'
        CHECK (state IN ('in_flight', 'ticketed', 'suppressed', 'quarantined', 'failed')),
    reason text,
    settled_at timestamptz,
    CHECK (state <> 'suppressed' OR reason IS NOT NULL)
);

CREATE INDEX ON ledger (accepted_at) WHERE state = 'in_flight';
