-- What router said last of a message, and what tickets could not do with it; the state follows from both, as
-- contracts/standing.py has it. `since` is when the message came into its state.
ALTER TABLE ledger
    ADD COLUMN routed_version integer NOT NULL DEFAULT 0,
    ADD COLUMN routing_id uuid,
    ADD COLUMN routed_state text NOT NULL DEFAULT 'in_flight',
    ADD COLUMN routed_reason text,
    ADD COLUMN failed_version integer NOT NULL DEFAULT 0,
    ADD COLUMN failed_routing_id uuid,
    ADD COLUMN failed_reason text,
    ADD COLUMN since timestamptz NOT NULL DEFAULT now();

UPDATE ledger
SET since = coalesce(settled_at, accepted_at),
    routed_version = CASE WHEN state IN ('in_flight', 'ticketed') THEN 0 ELSE 1 END,
    routed_state = CASE WHEN state = 'ticketed' THEN 'in_flight' ELSE state END,
    routed_reason = reason;

ALTER TABLE ledger DROP COLUMN settled_at;
DROP INDEX ledger_accepted_at_idx;
CREATE INDEX ON ledger (since) WHERE state = 'in_flight';

-- The book's totals: of each account the sum of its rows. Every statement that changes the book adds rows, in the same
-- transaction, and changes none, so that nobody waits for another's count. Ingest adds them up now and then.
-- What came in is counted by itself, so that the states must add up to it.
CREATE TABLE tally (
    account text NOT NULL,  -- `accepted`, or a state
    reason text NOT NULL,  -- why it is suppressed; else empty
    messages bigint NOT NULL
);

CREATE FUNCTION count_accepted() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ingest.tally (account, reason, messages)
    SELECT 'accepted', '', count(*)
    FROM lines;
    RETURN NULL;
END $$;

-- Its argument is 1 for lines that come into their state, and -1 for those that leave it.
CREATE FUNCTION count_lines() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ingest.tally (account, reason, messages)
    SELECT state, CASE WHEN state = 'suppressed' THEN reason ELSE '' END, TG_ARGV[0]::integer * count(*)
    FROM lines
    GROUP BY 1, 2;
    RETURN NULL;
END $$;

CREATE TRIGGER count_accepted
AFTER INSERT ON ledger REFERENCING NEW TABLE AS lines
FOR EACH STATEMENT EXECUTE FUNCTION count_accepted();

CREATE TRIGGER count_inserted
AFTER INSERT ON ledger REFERENCING NEW TABLE AS lines
FOR EACH STATEMENT EXECUTE FUNCTION count_lines('1');

CREATE TRIGGER count_changed_from
AFTER UPDATE ON ledger REFERENCING OLD TABLE AS lines
FOR EACH STATEMENT EXECUTE FUNCTION count_lines('-1');

CREATE TRIGGER count_changed_to
AFTER UPDATE ON ledger REFERENCING NEW TABLE AS lines
FOR EACH STATEMENT EXECUTE FUNCTION count_lines('1');

CREATE TRIGGER count_deleted
AFTER DELETE ON ledger REFERENCING OLD TABLE AS lines
FOR EACH STATEMENT EXECUTE FUNCTION count_lines('-1');

INSERT INTO tally (account, reason, messages)
SELECT 'accepted', '', count(*)
FROM ledger
UNION ALL
SELECT state, CASE WHEN state = 'suppressed' THEN reason ELSE '' END, count(*)
FROM ledger
GROUP BY 1, 2;
