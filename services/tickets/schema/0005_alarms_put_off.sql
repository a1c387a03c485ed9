-- How often in a row a ticket could not be looked at; its alarm is put off for longer each time.
ALTER TABLE alarm ADD COLUMN failures integer NOT NULL DEFAULT 0;
