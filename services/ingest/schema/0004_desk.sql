-- The ticketboxes as this service knows them, from the events of tickets. A later event of a box has a higher version.
CREATE TABLE ticketbox (
    ticketbox_id uuid PRIMARY KEY,
    name text NOT NULL,
    addresses text[] NOT NULL,
    version integer NOT NULL
);

-- Which of them takes what no other does.
CREATE TABLE default_ticketbox (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    ticketbox_id uuid NOT NULL,
    version integer NOT NULL
);

-- What sources have taken, by what the sender wrote and the address that it was fetched for: it is not taken again from
-- a source when the address has gone to another ticketbox since.
CREATE TABLE source_copy (
    copy_id uuid PRIMARY KEY
);
