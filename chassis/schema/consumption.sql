-- What a consumer could not handle, until a person replays it.
CREATE TABLE parked (
    parked_id uuid PRIMARY KEY,
    consumer text NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    error text NOT NULL,
    attempts integer NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now()
);

-- How far each projection has read each log; changes with the projection's rows.
CREATE TABLE position (
    projection text NOT NULL,
    source text NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (projection, source)
);
