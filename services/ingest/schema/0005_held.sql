-- Accepted messages that wait for the virus scanner; what they are is in the log.
CREATE TABLE held (
    message_id uuid PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY,
    -- How often the scanner, though it was there, gave no answer to this message.
    tries integer NOT NULL DEFAULT 0,
    reason text NOT NULL
);
