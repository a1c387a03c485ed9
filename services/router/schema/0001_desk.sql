-- The desk as this service knows it, from the events of tickets.
CREATE TABLE ruleset (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    version integer NOT NULL,
    rules jsonb NOT NULL,
    default_ticketbox_id uuid NOT NULL
);

CREATE TABLE ticketbox (
    ticketbox_id uuid PRIMARY KEY,
    name text NOT NULL,
    addresses text[] NOT NULL
);

CREATE TABLE agent (
    agent_id uuid PRIMARY KEY,
    takes_tickets boolean NOT NULL,
    ticketbox_ids uuid[] NOT NULL,  -- empty: all
    present boolean NOT NULL DEFAULT false,
    presence_version integer NOT NULL DEFAULT 0
);

-- Where the round stands in each ticketbox.
CREATE TABLE round (
    ticketbox_id uuid PRIMARY KEY,
    last_agent_id uuid NOT NULL
);
