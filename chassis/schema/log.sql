-- The append-only event log of one service.
CREATE TABLE event (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream_id text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    event_id uuid NOT NULL,
    type text NOT NULL,
    schema_version smallint NOT NULL,
    data jsonb NOT NULL,
    meta jsonb NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT one_event_a_version UNIQUE (stream_id, version),
    CONSTRAINT one_answer_a_cause UNIQUE (event_id)
);

-- Positions are taken here, before the commit. Without this lock two transactions could commit in the other order,
-- and a reader of "position > x" would pass over the later one. With it, position order is commit order.
CREATE FUNCTION serialise_append() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('postroom append ' || TG_TABLE_SCHEMA, 0));
    RETURN NULL;
END $$;

CREATE TRIGGER serialise_append
BEFORE INSERT ON event
FOR EACH STATEMENT EXECUTE FUNCTION serialise_append();

-- Wakes the relay.
CREATE FUNCTION announce_append() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('postroom_' || TG_TABLE_SCHEMA, '');
    RETURN NULL;
END $$;

CREATE TRIGGER announce_append
AFTER INSERT ON event
FOR EACH STATEMENT EXECUTE FUNCTION announce_append();
