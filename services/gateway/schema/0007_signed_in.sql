-- Who came in by a page, and since when: whoever has no session left has gone, and takes no tickets.
CREATE TABLE signed_in (
    person_id uuid PRIMARY KEY,
    since timestamptz NOT NULL
);

INSERT INTO signed_in (person_id, since)
SELECT person_id, max(created_at)
FROM session
GROUP BY person_id;
