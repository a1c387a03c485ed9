-- Which tickets were made of letters of another one: who had been answered there waits for no first answer. After an upgrade
-- `postroom rebuild facts` fills this for what came before.
ALTER TABLE fact_ticket ADD COLUMN split_from_id uuid;

COMMENT ON COLUMN fact_ticket.split_from_id IS 'The ticket that its letters were taken out of; NULL: a letter opened it.';
