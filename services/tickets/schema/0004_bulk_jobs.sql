-- Bulk jobs: how far each is. What was asked and what came of it are in the log too.
CREATE TABLE bulk_job (
    job_id uuid PRIMARY KEY,
    actions jsonb NOT NULL,
    selection text NOT NULL,
    undoes_id uuid,
    started_by uuid NOT NULL,
    started_at timestamptz NOT NULL,
    worked_at timestamptz NOT NULL,  -- jobs that run have their turns one after the other
    ended_at timestamptz,
    state text NOT NULL DEFAULT 'running'
        CHECK (state IN ('running', 'done', 'cancelled')),
    total integer NOT NULL,
    changed integer NOT NULL DEFAULT 0,
    unchanged integer NOT NULL DEFAULT 0,
    refused integer NOT NULL DEFAULT 0
);

CREATE INDEX ON bulk_job (worked_at) WHERE state = 'running';
CREATE INDEX ON bulk_job (started_at);
CREATE INDEX ON bulk_job (undoes_id, started_at) WHERE undoes_id IS NOT NULL;

-- The tickets of each, settled before it begins.
CREATE TABLE bulk_ticket (
    job_id uuid NOT NULL,
    place integer NOT NULL,  -- counts from 1
    ticket_id uuid NOT NULL,
    seen_version integer NOT NULL,
    selected_at timestamptz NOT NULL,
    outcome text CHECK (outcome IN ('changed', 'unchanged', 'refused')),  -- NULL: its turn is to come
    number bigint,
    code text,
    detail text,
    PRIMARY KEY (job_id, place),
    UNIQUE (job_id, ticket_id)
);

CREATE INDEX ON bulk_ticket (job_id, place) WHERE outcome = 'refused';
CREATE INDEX ON bulk_ticket (selected_at) WHERE place = 1;  -- one row a job, to find the old ones
