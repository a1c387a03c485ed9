-- Pieces of messages that another service hands over; deleted when the message is accepted, or after an hour.
-- Unlogged: what a crash takes away was promised to nobody, and its sender is told to send it again.
CREATE UNLOGGED TABLE upload (
    upload_id uuid NOT NULL,
    number integer NOT NULL,
    content bytea NOT NULL,
    stored_at timestamptz NOT NULL,
    PRIMARY KEY (upload_id, number)
);

ALTER TABLE upload ALTER COLUMN content SET STORAGE EXTERNAL;  -- it lives for seconds: not worth compressing
CREATE INDEX ON upload (stored_at);

-- What was answered to whom, so that a repeat is harmless.
CREATE TABLE upload_answer (
    command_id uuid PRIMARY KEY,
    message_id uuid NOT NULL,
    duplicate boolean NOT NULL,
    answered_at timestamptz NOT NULL
);

CREATE INDEX ON upload_answer (answered_at);
