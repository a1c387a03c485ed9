-- The desk as it is now, each thing whole, for decisions about tickets and about itself.
CREATE TABLE thing (
    id uuid PRIMARY KEY,
    thing jsonb NOT NULL
);

INSERT INTO thing (id, thing)
SELECT
    (data ->> 'ticketbox_id')::uuid,
    jsonb_strip_nulls(jsonb_build_object(
        'kind', 'ticketbox',
        'id', data -> 'ticketbox_id',
        'name', data -> 'name',
        'addresses', data -> 'addresses',
        'acknowledgement', data -> 'acknowledgement',
        'first_response_seconds', data -> 'first_response_seconds'
    ))
FROM event
WHERE type = 'TicketboxCreated';

INSERT INTO thing (id, thing)
SELECT
    (data ->> 'person_id')::uuid,
    jsonb_build_object(
        'kind', 'person',
        'id', data -> 'person_id',
        'name', data -> 'name',
        'email', data -> 'email',
        'role', data -> 'role',
        'rights', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('ticketbox_id', box, 'right', 'answer')), '[]')
            FROM jsonb_array_elements(data -> 'ticketbox_ids') AS box
        )
    )
FROM event
WHERE type = 'PersonAdded';

DROP TABLE ticketbox;
DROP TABLE person;

-- When a ticket is to be looked at again: a target is due, a hold ends, a solved ticket closes. One row for each ticket
-- that is not closed; NULL: nothing is to come. All of it can be computed from the log again.
CREATE TABLE alarm (
    ticket_id uuid PRIMARY KEY,
    at timestamptz
);

CREATE INDEX ON alarm (at);

INSERT INTO alarm (ticket_id, at)
SELECT ticket_id, min(due_at)
FROM clock
GROUP BY ticket_id;

DROP TABLE clock;

-- The number that people say, for subjects and reply addresses.
CREATE TABLE ticket_by_number (
    number bigint PRIMARY KEY,
    ticket_id uuid NOT NULL
);

INSERT INTO ticket_by_number (number, ticket_id)
SELECT (data ->> 'number')::bigint, (data ->> 'ticket_id')::uuid
FROM event
WHERE type = 'TicketOpened';

-- Signs the reply addresses of this installation.
CREATE TABLE secret (
    name text PRIMARY KEY,
    value bytea NOT NULL
);

INSERT INTO secret (name, value)
VALUES ('reply addresses', uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
