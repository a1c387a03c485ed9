-- Contacts as people keep them: what rules may ask of a sender beside the letter. Filled by a consumer that is new.
CREATE TABLE contact (
    contact_id uuid PRIMARY KEY,
    position bigint NOT NULL,  -- in the log of tickets, of what was heard last
    name text NOT NULL,
    organisation_id uuid
);

CREATE TABLE contact_address (
    address text PRIMARY KEY,
    position bigint NOT NULL,
    contact_id uuid NOT NULL
);
