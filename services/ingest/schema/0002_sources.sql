-- The books of each source: what it holds, and what became of every message that was seen there.
CREATE TABLE source (
    name text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('imap', 'pop3')),
    address text NOT NULL,
    location text NOT NULL,
    -- Raised by each change of the cursor; who moves it must have seen the last change.
    revision bigint NOT NULL DEFAULT 0,
    begun_at timestamptz,
    uidvalidity bigint,
    uid bigint,
    -- Up to this UID messages were there already when the UIDVALIDITY changed.
    anew_until bigint NOT NULL DEFAULT 0,
    held bigint NOT NULL DEFAULT 0,
    taken bigint NOT NULL DEFAULT 0,
    duplicate bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    vanished bigint NOT NULL DEFAULT 0,
    passed bigint NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'connecting'
        CHECK (state IN ('connecting', 'fetching', 'watching', 'sign_in_refused', 'failing')),
    last_success_at timestamptz,
    last_error text,
    last_error_at timestamptz,
    seen bigint NOT NULL GENERATED ALWAYS AS (taken + duplicate + refused + vanished + passed) STORED
);

-- POP3 has no order of messages: its cursor is the set of UIDLs that are done with.
CREATE TABLE source_done (
    source text NOT NULL REFERENCES source (name),
    uidl text NOT NULL,
    PRIMARY KEY (source, uidl)
);

-- Taken messages that are still to be marked, moved or deleted at the server.
CREATE TABLE source_pending (
    source text NOT NULL REFERENCES source (name),
    uidvalidity bigint NOT NULL,
    key text NOT NULL,
    PRIMARY KEY (source, uidvalidity, key)
);

-- Messages that were left at the server, and why; they are tried again at a start that may take them.
CREATE TABLE source_refused (
    source text NOT NULL REFERENCES source (name),
    uidvalidity bigint NOT NULL,
    key text NOT NULL,
    size bigint NOT NULL,
    reason text NOT NULL,
    refused_at timestamptz NOT NULL,
    PRIMARY KEY (source, uidvalidity, key)
);

-- A refresh token that the authorization server gave in place of the one in the settings (RFC 6749 section 6).
CREATE TABLE source_token (
    source text PRIMARY KEY REFERENCES source (name),
    replaces bytea NOT NULL,
    refresh_token text NOT NULL
);
