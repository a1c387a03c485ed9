-- Everyone who ever wrote, and whom people keep a card of. Filled by the projection `inbox`: after an upgrade
-- `postroom rebuild inbox` fills it with those who wrote before.
CREATE TABLE contact (
    contact_id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 0,  -- of its stream; 0: nobody keeps a card
    name text NOT NULL DEFAULT '',  -- on the card
    written_name text NOT NULL DEFAULT '',  -- in the last letter
    addresses text[] NOT NULL DEFAULT '{}',  -- on the card: without those of contacts that were merged into it
    organisation_id uuid,
    language text NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT '',
    remarks jsonb NOT NULL DEFAULT '{}',
    merged_into uuid,
    heard_at timestamptz NOT NULL,
    words tsvector GENERATED ALWAYS AS (to_tsvector('simple', name)) STORED
);

CREATE INDEX ON contact (heard_at, contact_id);
CREATE INDEX ON contact (lower(coalesce(nullif(name, ''), written_name)));
CREATE INDEX ON contact (organisation_id) WHERE organisation_id IS NOT NULL;
CREATE INDEX ON contact (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX ON contact USING gin (words);

-- The contact that each address belongs to, after merges. `backwards` is the domain with its letters in reverse, so
-- that all parts of a domain lie side by side.
CREATE TABLE contact_address (
    address text PRIMARY KEY,
    contact_id uuid NOT NULL,
    name text NOT NULL DEFAULT '',
    heard_at timestamptz,
    backwards text GENERATED ALWAYS AS (reverse(split_part(address, '@', -1))) STORED,
    words tsvector GENERATED ALWAYS AS (
        to_tsvector('simple', name || ' ' || translate(address, '@.-_+', '     '))
    ) STORED
);

CREATE INDEX ON contact_address (contact_id);
CREATE INDEX ON contact_address (backwards text_pattern_ops);
CREATE INDEX ON contact_address USING gin (words);

-- The letters of a contact.
CREATE INDEX ON message (lower(from_address), received_at, message_id);
