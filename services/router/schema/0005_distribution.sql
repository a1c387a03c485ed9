-- The tickets as distribution sees them, from the events of tickets. Nothing of what people wrote is in it.
CREATE TABLE ticket (
    ticket_id uuid PRIMARY KEY,
    number bigint NOT NULL,
    message_id uuid NOT NULL,  -- that opened it
    contact_key uuid NOT NULL,  -- the same for the same customer, and says nothing about who it is
    version integer NOT NULL,
    placed_version integer NOT NULL,  -- of the last event that distribution decides by
    placed_id uuid NOT NULL,  -- its id
    correlation_id uuid NOT NULL,
    traceparent text,
    ticketbox_id uuid NOT NULL,
    state text NOT NULL,
    merged boolean NOT NULL,
    owner_id uuid,
    owned_since timestamptz,
    waiting_since timestamptz,  -- open and without an owner, in this ticketbox
    unanswered boolean NOT NULL,
    urgency smallint NOT NULL,
    due_at timestamptz,
    tags text[] NOT NULL,
    overflowed_from uuid[] NOT NULL  -- since somebody last had it
);

CREATE INDEX ticket_by_urgency ON ticket (ticketbox_id, urgency DESC, due_at, waiting_since)
WHERE waiting_since IS NOT NULL;

CREATE INDEX ticket_by_wait ON ticket (ticketbox_id, waiting_since)
WHERE waiting_since IS NOT NULL;

CREATE INDEX ticket_unanswered ON ticket (ticketbox_id, owned_since)
WHERE owner_id IS NOT NULL AND state = 'open' AND NOT merged AND unanswered;

-- Events of tickets that came before those that they follow, as after the death of who had these in hand.
CREATE TABLE early (
    stream_id text NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    schema_version smallint NOT NULL,
    data jsonb NOT NULL,
    meta jsonb NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (stream_id, version)
);

-- How many open tickets people have: counting 100,000 of them each time would take longer than giving one.
CREATE TABLE load (
    agent_id uuid PRIMARY KEY,
    tickets integer NOT NULL
);

-- Who answered a customer last.
CREATE TABLE last_agent (
    contact_key uuid PRIMARY KEY,
    agent_id uuid NOT NULL
);

-- What distribution wants of tickets, until it is done or something else happened: it stands while the version does.
CREATE TABLE wish (
    ticket_id uuid PRIMARY KEY,
    placed_version integer NOT NULL,
    agent_id uuid  -- who is to get it; NULL: it is to be moved or taken back
);

CREATE INDEX ON wish (agent_id);

-- The wait that supervisors were told of.
CREATE TABLE told (
    ticket_id uuid PRIMARY KEY,
    waiting_since timestamptz NOT NULL
);

-- The language of the letters that opened tickets, guessed where distribution asked; empty: unknown.
CREATE TABLE ticket_language (
    ticket_id uuid PRIMARY KEY,
    language text NOT NULL
);

-- When a ticketbox is to be looked at again; NULL: when something happens.
CREATE TABLE look (
    ticketbox_id uuid PRIMARY KEY,
    at timestamptz
);

ALTER TABLE presence ADD COLUMN absent_since timestamptz;

UPDATE presence
SET absent_since = now()
WHERE presence <> 'available';
