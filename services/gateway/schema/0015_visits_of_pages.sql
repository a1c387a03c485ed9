-- Somebody may have a ticket open in several windows, and each says for itself what is done in it.
ALTER TABLE visit DROP CONSTRAINT visit_pkey;
ALTER TABLE visit ADD COLUMN page_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
ALTER TABLE visit ALTER COLUMN page_id DROP DEFAULT;
ALTER TABLE visit ADD PRIMARY KEY (ticket_id, person_id, page_id);
