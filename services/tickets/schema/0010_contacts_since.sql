-- Since when people say of an address what they say: nothing happens by itself for that before they did.
ALTER TABLE contact_address ADD COLUMN since timestamptz NOT NULL DEFAULT now();
