-- What is to be done for tickets, by whom and until when. Those without a day come last.
CREATE TABLE task (
    ticket_id uuid NOT NULL,
    task_id uuid NOT NULL,
    text text NOT NULL,
    owner_id uuid,
    due_on date,
    due_at timestamptz NOT NULL
        GENERATED ALWAYS AS (coalesce(due_on, date '9999-12-31')::timestamp AT TIME ZONE 'UTC') STORED,
    done boolean NOT NULL DEFAULT false,
    PRIMARY KEY (ticket_id, task_id)
);

INSERT INTO task (ticket_id, task_id, text, owner_id, due_on)
SELECT ticket_id, (data ->> 'task_id')::uuid, data ->> 'text', (data ->> 'owner_id')::uuid, (data ->> 'due_on')::date
FROM history
WHERE source = 'tickets'
  AND type = 'TaskAdded'
ON CONFLICT DO NOTHING;

UPDATE task
SET done = said.done
FROM (
    SELECT DISTINCT ON (ticket_id, data ->> 'task_id')
        ticket_id, (data ->> 'task_id')::uuid AS task_id, (data ->> 'done')::boolean AS done
    FROM history
    WHERE source = 'tickets'
      AND type = 'TaskDone'
    ORDER BY ticket_id, data ->> 'task_id', version DESC
) AS said
WHERE task.ticket_id = said.ticket_id
  AND task.task_id = said.task_id;

CREATE INDEX ON task (owner_id, done, due_at, task_id);
CREATE INDEX ON task (done, due_at, task_id);
