-- PostgreSQL does not take “assignee_id IS NULL” for a value that an index may begin with to give an order: it walked
-- through all tickets for the few that are nobody's.
CREATE INDEX ON ticket (state, changed_at, ticket_id)
WHERE assignee_id IS NULL;
