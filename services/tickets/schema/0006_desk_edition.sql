-- Another one after each change of the desk, whoever makes it: who has read the desk in this edition has it as it is.
-- No counter: that of a change which is rolled back would come again, and name another desk.
ALTER TABLE desk_revision ADD COLUMN edition uuid NOT NULL DEFAULT gen_random_uuid();

CREATE FUNCTION renew_desk_edition() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE desk_revision SET edition = gen_random_uuid();
    RETURN NULL;
END $$;

CREATE TRIGGER renew_desk_edition
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON thing
FOR EACH STATEMENT EXECUTE FUNCTION renew_desk_edition();
