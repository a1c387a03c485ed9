-- What lists of tickets are narrowed and sorted by.
ALTER TABLE ticket ADD COLUMN category_id uuid;

UPDATE ticket
SET category_id = said.category_id
FROM (
    SELECT DISTINCT ON (ticket_id) ticket_id, (data ->> 'category_id')::uuid AS category_id
    FROM history
    WHERE source = 'tickets'
      AND type = 'CategoryAssigned'
    ORDER BY ticket_id, version DESC
) AS said
WHERE ticket.ticket_id = said.ticket_id;

CREATE INDEX ON ticket USING gin (tags);
CREATE INDEX ON ticket (category_id, changed_at, ticket_id) WHERE category_id IS NOT NULL;
CREATE INDEX ON ticket (opened_at, ticket_id);
CREATE INDEX ON ticket (due_at, ticket_id) WHERE due_at IS NOT NULL;
CREATE INDEX ON ticket (waiting_since, ticket_id) WHERE waiting_since IS NOT NULL;

-- What people write and have not sent. `version` counts how often it was saved, so that two devices do not overwrite
-- each other; a row that was discarded is kept for a while, so that it can be brought back.
CREATE TABLE draft (
    person_id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('reply', 'note')),
    text text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    saved_at timestamptz NOT NULL,
    discarded_at timestamptz,
    PRIMARY KEY (person_id, ticket_id, kind)
);

CREATE INDEX ON draft (saved_at);

-- Who looks at a ticket now. It is worth nothing after a crash.
CREATE UNLOGGED TABLE visit (
    ticket_id uuid NOT NULL,
    person_id uuid NOT NULL,
    doing text NOT NULL CHECK (doing IN ('looking', 'answering')),
    until timestamptz NOT NULL,
    PRIMARY KEY (ticket_id, person_id)
);

CREATE INDEX ON visit (until);
