-- What was answered to each command that was done, so that a repeat gets the same. Numbers only: nothing to erase.
CREATE TABLE done (
    command_id uuid PRIMARY KEY,
    position bigint NOT NULL,
    version integer NOT NULL
);
