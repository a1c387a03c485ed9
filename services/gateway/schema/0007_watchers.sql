-- Who watches a ticket: people and teams.
ALTER TABLE ticket ADD COLUMN watcher_ids uuid[] NOT NULL DEFAULT '{}';

UPDATE ticket
SET watcher_ids = said.watcher_ids
FROM (
    SELECT DISTINCT ON (ticket_id)
        ticket_id,
        ARRAY(SELECT jsonb_array_elements_text(data -> 'watcher_ids')::uuid) AS watcher_ids
    FROM history
    WHERE source = 'tickets'
      AND type = 'WatchersChanged'
    ORDER BY ticket_id, version DESC
) AS said
WHERE ticket.ticket_id = said.ticket_id;

CREATE INDEX ON ticket USING gin (watcher_ids);
