-- Contacts of which people keep a card. `root_id` is the one that it goes on in; itself, if it was not merged.
CREATE TABLE contact (
    contact_id uuid PRIMARY KEY,
    root_id uuid NOT NULL,
    merged_into_id uuid,
    version integer NOT NULL,  -- of its stream
    card jsonb NOT NULL
);

CREATE INDEX ON contact (root_id);

-- The contact that an address belongs to, after merges. An address without a row is a contact of its own.
CREATE TABLE contact_address (
    address text PRIMARY KEY,
    contact_id uuid NOT NULL
);

CREATE INDEX ON contact_address (contact_id);

-- Whose organisation decides about a ticket's service level.
ALTER TABLE alarm ADD COLUMN contact text;

UPDATE alarm
SET contact = lower(event.data -> 'contact' ->> 'address')
FROM event
WHERE event.type = 'TicketOpened'
  AND (event.data ->> 'ticket_id')::uuid = alarm.ticket_id;

CREATE INDEX ON alarm (contact);
