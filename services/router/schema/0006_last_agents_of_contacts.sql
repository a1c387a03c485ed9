-- Who answered a contact last, by whichever of its addresses. Keys come from a consumer that is new and reads them all.
ALTER TABLE contact_address ADD COLUMN contact_key uuid;

CREATE INDEX ON contact_address (contact_key);

CREATE INDEX ON contact_address (contact_id);

ALTER TABLE last_agent ADD COLUMN answered_at timestamptz;  -- NULL: before this was written down
