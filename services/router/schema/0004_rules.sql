-- How often each rule held, and had no answer, by the version of the ruleset. Changes with the decisions themselves.
CREATE TABLE rule_hit (
    ruleset_version integer NOT NULL,
    rule text NOT NULL,
    hits bigint NOT NULL,
    failures bigint NOT NULL,
    last_hit_at timestamptz,
    last_error text,
    PRIMARY KEY (ruleset_version, rule)
);

-- Rules that are asked about recorded mail, without any effect.
CREATE TABLE dry_run (
    dry_run_id uuid PRIMARY KEY,
    rules jsonb NOT NULL,
    default_ticketbox_id uuid NOT NULL,
    days integer NOT NULL,
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

CREATE INDEX ON dry_run (asked_at);

-- Messages that it would treat otherwise than they were.
CREATE TABLE dry_run_change (
    dry_run_id uuid NOT NULL REFERENCES dry_run ON DELETE CASCADE,
    number bigint NOT NULL,
    message_id uuid NOT NULL,
    change jsonb NOT NULL,
    PRIMARY KEY (dry_run_id, number)
);
