-- A ticketbox that was removed takes no mail; its version is kept, so that older news does not bring it back.
ALTER TABLE ticketbox ADD COLUMN removed boolean NOT NULL DEFAULT false;
