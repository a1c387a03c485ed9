-- What an erasure would take is counted before it is asked for.
CREATE INDEX ON message (lower(from_address));
