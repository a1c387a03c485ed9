-- Messages that tickets could not take into a conversation: they may be released again, or deleted.
CREATE TABLE undelivered (
    message_id uuid PRIMARY KEY,
    version integer NOT NULL,
    routing_id uuid NOT NULL,
    error text NOT NULL
);
