-- Another one after each change of the desk, whoever makes it: see chassis/kept.py.
CREATE TABLE desk_edition (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    edition uuid NOT NULL
);

INSERT INTO desk_edition (edition)
VALUES (gen_random_uuid());

-- Before the rows are touched: whoever changes some has the edition first, so that two do not wait for each other.
CREATE FUNCTION renew_desk_edition() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('UPDATE %I.desk_edition SET edition = gen_random_uuid()', TG_TABLE_SCHEMA);
    RETURN NULL;
END $$;

CREATE TRIGGER renew_desk_edition
BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON thing
FOR EACH STATEMENT EXECUTE FUNCTION renew_desk_edition();

CREATE TRIGGER renew_desk_edition
BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ruleset
FOR EACH STATEMENT EXECUTE FUNCTION renew_desk_edition();
