-- Keys that all gateways of an installation share, made at their first use.
CREATE TABLE secret (
    name text PRIMARY KEY,
    value bytea NOT NULL
);
