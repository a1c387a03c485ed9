-- Which conversation a message belongs to, by the Message-ID in its header. The key is not unique: people reuse ids.
CREATE TABLE message_index (
    internet_message_id text NOT NULL,
    ticket_id uuid NOT NULL,
    reply_id uuid,  -- set where the message is an answer of ours
    PRIMARY KEY (internet_message_id, ticket_id)
);

-- What people say on the phone: a running number, to which a check digit is added.
CREATE SEQUENCE ticket_number START WITH 1000;

-- Clocks that run. A row leaves when its clock stops or has struck; all of it can be computed from the log again.
CREATE TABLE clock (
    ticket_id uuid NOT NULL,
    target text NOT NULL,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (ticket_id, target)
);

CREATE INDEX ON clock (due_at);

-- The desk as it is now, for decisions about tickets.
CREATE TABLE ticketbox (
    ticketbox_id uuid PRIMARY KEY,
    name text NOT NULL,
    addresses text[] NOT NULL,
    first_response_seconds integer
);

CREATE TABLE person (
    person_id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text NOT NULL
);
