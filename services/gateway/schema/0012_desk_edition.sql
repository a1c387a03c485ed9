-- Another one after each change of the desk: see chassis/kept.py. It is part of the read model: no trigger would live
-- through a rebuild.
CREATE TABLE desk_edition (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    edition uuid NOT NULL
);

INSERT INTO desk_edition (edition)
VALUES (gen_random_uuid());
