-- How people prove who they are. Who they are is in the log of tickets.
CREATE TABLE credential (
    person_id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);

-- Only the sha256 of a token is kept: who reads this table can sign in as nobody.
CREATE TABLE session (
    token_sha256 bytea PRIMARY KEY,
    person_id uuid NOT NULL,
    csrf_token text NOT NULL,
    client_address text NOT NULL,
    user_agent text NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL
);

CREATE INDEX ON session (person_id);

CREATE TABLE api_token (
    token_sha256 bytea PRIMARY KEY,
    person_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE failed_sign_in (
    email text NOT NULL,
    client_address text NOT NULL,
    failed_at timestamptz NOT NULL
);

CREATE INDEX ON failed_sign_in (email, failed_at);
CREATE INDEX ON failed_sign_in (client_address, failed_at);
