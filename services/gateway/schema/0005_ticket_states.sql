-- What lists show of tickets that wait, were merged, or have deadlines.
ALTER TABLE ticket
    ADD COLUMN held_until timestamptz,
    ADD COLUMN merged_into bigint,
    ADD COLUMN due_target text,
    ADD COLUMN due_at timestamptz,
    ADD COLUMN warned text[] NOT NULL DEFAULT '{}',
    ADD COLUMN missed text[] NOT NULL DEFAULT '{}';

UPDATE ticket
SET due_target = 'first_response',
    due_at = first_response_due_at
WHERE state = 'open'
  AND first_response_at IS NULL
  AND first_response_due_at IS NOT NULL;

UPDATE ticket
SET missed = ARRAY['first_response']
WHERE breached;
