-- The desk, each thing whole, as it is now or was when it was removed: what refers to it keeps its name.
CREATE TABLE thing (
    kind text NOT NULL,
    id uuid NOT NULL,
    version integer NOT NULL,  -- of the event in its stream that made it so
    thing jsonb NOT NULL,
    removed boolean NOT NULL DEFAULT false,
    PRIMARY KEY (kind, id)
);

-- What is known of people beside what administrators say of them.
CREATE TABLE attendance (
    person_id uuid PRIMARY KEY,
    presence text NOT NULL DEFAULT 'off',
    until timestamptz,
    shut_out_at timestamptz  -- sessions and tokens from before this moment are dead
);

INSERT INTO thing (kind, id, version, thing)
SELECT
    'ticketbox',
    (data ->> 'ticketbox_id')::uuid,
    version,
    jsonb_strip_nulls(jsonb_build_object(
        'kind', 'ticketbox',
        'id', data -> 'ticketbox_id',
        'name', data -> 'name',
        'addresses', data -> 'addresses',
        'acknowledgement', data -> 'acknowledgement',
        'first_response_seconds', data -> 'first_response_seconds'
    ))
FROM history
WHERE type = 'TicketboxCreated';

INSERT INTO thing (kind, id, version, thing)
SELECT
    'person',
    (data ->> 'person_id')::uuid,
    version,
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
FROM history
WHERE type = 'PersonAdded';

INSERT INTO attendance (person_id, presence, until)
SELECT DISTINCT ON (stream_id)
    (data ->> 'person_id')::uuid,
    data ->> 'presence',
    (data ->> 'until')::timestamptz
FROM history
WHERE type = 'PresenceChanged'
ORDER BY stream_id, version DESC;

DROP TABLE ticketbox;
DROP TABLE person;

-- The history of things: few rows among many.
CREATE INDEX ON history (stream_id, version) WHERE source = 'tickets' AND ticket_id IS NULL AND message_id IS NULL;

-- The ticketbox of what was stopped or released; what was delivered at once is where its ticket is.
ALTER TABLE message ADD COLUMN ticketbox_id uuid;

UPDATE message
SET ticketbox_id = routed.ticketbox_id
FROM (
    SELECT DISTINCT ON (message_id) message_id, (data ->> 'ticketbox_id')::uuid AS ticketbox_id
    FROM history
    WHERE type IN ('MessageRouted', 'RoutingFailed')
      AND (version > 1 OR data ->> 'disposition' IS DISTINCT FROM 'deliver')
    ORDER BY message_id, position DESC
) AS routed
WHERE message.message_id = routed.message_id;

-- Whose password it is, the log says by the person's id; the address may change.
ALTER TABLE credential DROP COLUMN email;
