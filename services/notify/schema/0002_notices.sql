-- Copies and alerts leave as answers do. Of a notice reply_id is its own id, and ticket_id that of the message.
ALTER TABLE delivery ADD COLUMN notice boolean NOT NULL DEFAULT false;

-- For the cap on what one address gets.
CREATE INDEX ON delivery ((recipients -> 0 ->> 'address'), queued_at) WHERE notice;
