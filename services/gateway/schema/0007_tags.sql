-- One spelling of tags: see contracts/tags.py. Early releases kept those of rules as they were typed.
UPDATE ticket
SET tags = ARRAY(
    SELECT DISTINCT lower(regexp_replace(btrim(tag), '\s+', '-', 'g'))
    FROM unnest(tags) AS tag
)
WHERE EXISTS (
    SELECT
    FROM unnest(tags) AS tag
    WHERE tag <> lower(regexp_replace(btrim(tag), '\s+', '-', 'g'))
);
