-- The desk, each thing whole. It is filled from the beginning of the log of tickets, by a consumer that is new.
CREATE TABLE thing (
    kind text NOT NULL,
    id uuid NOT NULL,
    version integer NOT NULL,
    thing jsonb,  -- NULL: it was removed
    PRIMARY KEY (kind, id)
);

CREATE TABLE presence (
    person_id uuid PRIMARY KEY,
    version integer NOT NULL,
    presence text NOT NULL,
    until timestamptz
);

DROP TABLE ticketbox;
DROP TABLE agent;
