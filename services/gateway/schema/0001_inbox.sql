-- The inbox: every event that a person may want to see, and a line for each ticket. Filled by the projection `inbox`.
-- Names of indexes and constraints are left to PostgreSQL, and there are no foreign keys, so that a rebuild can make
-- the same tables beside these.
CREATE TABLE history (
    source text NOT NULL,
    position bigint NOT NULL,
    stream_id text NOT NULL,
    version integer NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    schema_version smallint NOT NULL,
    actor text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    ticket_id uuid,
    message_id uuid,
    reply_id uuid,
    data jsonb NOT NULL,
    words tsvector,  -- what a search finds: the text of letters, answers and notes
    PRIMARY KEY (source, position)
);

CREATE INDEX ON history (ticket_id, version) WHERE source = 'tickets';
CREATE INDEX ON history (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX ON history (reply_id) WHERE reply_id IS NOT NULL;
CREATE INDEX ON history USING gin (words) WHERE words IS NOT NULL;

CREATE TABLE ticket (
    ticket_id uuid PRIMARY KEY,
    number bigint NOT NULL UNIQUE,
    ticketbox_id uuid NOT NULL,
    subject text NOT NULL,
    contact_name text NOT NULL,
    contact_address text NOT NULL,
    state text NOT NULL,
    priority text NOT NULL,
    tags text[] NOT NULL,
    assignee_id uuid,
    version integer NOT NULL,
    letter_version integer NOT NULL,
    opened_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    waiting_since timestamptz,
    first_response_due_at timestamptz,
    first_response_at timestamptz,
    breached boolean NOT NULL,
    letters integer NOT NULL,
    replies integer NOT NULL,
    undelivered uuid[] NOT NULL,
    excerpt text NOT NULL
);

CREATE INDEX ON ticket (changed_at, ticket_id);
CREATE INDEX ON ticket (state, changed_at, ticket_id);
CREATE INDEX ON ticket (assignee_id, state, changed_at, ticket_id);
CREATE INDEX ON ticket (ticketbox_id, state, changed_at, ticket_id);
CREATE INDEX ON ticket (contact_address, changed_at, ticket_id);

CREATE TABLE ticketbox (
    ticketbox_id uuid PRIMARY KEY,
    name text NOT NULL,
    addresses text[] NOT NULL,
    first_response_seconds integer
);

CREATE TABLE person (
    person_id uuid PRIMARY KEY,
    email text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    ticketbox_ids uuid[] NOT NULL,
    presence text NOT NULL
);
