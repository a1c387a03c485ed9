-- Erasures that go on: the one place where their addresses stand. The row leaves with the end; what stays is in the log.
CREATE TABLE erasure (
    erasure_id uuid PRIMARY KEY,
    requested_at timestamptz NOT NULL,
    addresses text[] NOT NULL,
    person jsonb,  -- what belongs to the person; NULL until it is known
    ends jsonb NOT NULL DEFAULT '{}',  -- of the logs, when it was known
    erased jsonb NOT NULL DEFAULT '{}',  -- by service that has been through its data: rows and files
    waits_for text
);

-- Keys the digests by which an erased address is known again.
INSERT INTO secret (name, value)
VALUES ('erasures', uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
