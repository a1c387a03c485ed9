-- Questions about the past that take a while to answer, and what was found of each.
CREATE TABLE trial (
    trial_id uuid PRIMARY KEY,
    question jsonb NOT NULL,
    asked_by uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'running', 'done', 'cancelled', 'failed')),
    total bigint NOT NULL DEFAULT 0,
    examined bigint NOT NULL DEFAULT 0,
    ended_at timestamptz,
    error text,
    summary jsonb
);

CREATE INDEX ON trial (asked_at);

CREATE TABLE finding (
    trial_id uuid NOT NULL REFERENCES trial ON DELETE CASCADE,
    number bigint NOT NULL,
    finding jsonb NOT NULL,
    PRIMARY KEY (trial_id, number)
);
